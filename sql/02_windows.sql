-- Lesson 2: segments and windows.
--
--   posequel sql -f sql/02_windows.sql
--
-- A net learns from windows: a fixed number of frames in a row, all of one label and one recording.

CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION 'tests/data/watch.parquet';

-- 10 frames a second are enough for these slow exercises: every fifth frame, numbered anew.
CREATE VIEW frames AS
SELECT source, video, subject, frame / 5 AS frame, label, ax, ay, az, wx, wy, wz
FROM watch WHERE frame % 5 = 0;

-- A segment is the longest run of one label without a gap. These recordings hold one exercise each.
SELECT video, label, frame_start, frame_end, frames
FROM pose_segments((SELECT * FROM frames)) ORDER BY video LIMIT 3;

-- Windows of 20 frames (2 seconds), a new one every 10 frames. They never cross the border of a segment.
CREATE VIEW windows AS
SELECT * FROM pose_windows((SELECT * FROM frames), width => 20, stride => 10);

SELECT window_id, subject, label, frame_start, frame_end, features FROM windows ORDER BY window_id LIMIT 3;

SELECT label, count(*) AS windows FROM windows GROUP BY label ORDER BY label;

-- A recording shorter than the width gives no window, unless it is padded; valid_len tells how much was recorded.
SELECT short, count(*) AS windows, min(valid_len) AS shortest FROM (
    SELECT 'drop' AS short, valid_len FROM pose_windows((SELECT * FROM frames), width => 250, stride => 250)
    UNION ALL
    SELECT 'pad', valid_len FROM pose_windows((SELECT * FROM frames), width => 250, stride => 250, short => 'pad'))
GROUP BY short ORDER BY short;
