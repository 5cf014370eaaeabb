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

-- Widths may be lengths of time. The watch recorded 50 frames a second; windows of 2 seconds at 10 frames a second are
-- those from above, and a watch with another rate would give windows of the same shape.
CREATE VIEW timed AS
SELECT * FROM pose_windows((SELECT source, video, subject, frame, label, ax, ay, az, wx, wy, wz FROM watch),
    width => INTERVAL '2 seconds', stride => INTERVAL '1 second', hz => 10, rate => 50);

SELECT count(*) AS windows, count(*) FILTER (WHERE timed.features = windows.features) AS same
FROM timed LEFT JOIN windows ON timed.window_id = windows.window_id;

-- What became of every frame: it is in a window, or there is a reason. A tail is what is left of a segment behind its
-- last window; a segment that is shorter than the width gives none at all.
SELECT width, sum(frames) AS frames, sum(windows) AS windows, sum(frames_used) AS used,
       sum(frames_in_tails) AS in_tails, sum(frames_in_short_segments) AS in_short_segments,
       sum(frames - frames_used - frames_in_tails - frames_in_short_segments) AS anything_else
FROM (
    SELECT 20 AS width, * FROM pose_window_stats((SELECT * FROM frames), width => 20, stride => 10)
    UNION ALL
    SELECT 250, * FROM pose_window_stats((SELECT * FROM frames), width => 250, stride => 250))
GROUP BY width ORDER BY width;

-- Each recording has a row, so that those which give nothing are found.
SELECT video, frames, segments, windows, frames_used, frames_in_tails, frames_in_short_segments
FROM pose_window_stats((SELECT * FROM frames), width => 250, stride => 250) ORDER BY frames, video LIMIT 3;
