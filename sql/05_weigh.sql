-- Lesson 5: class weights.
--
--   posequel sql -f sql/05_weigh.sql
--
-- A rare class is learned as eagerly as a frequent one when its windows count for more in the loss.

CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION 'tests/data/watch.parquet';

-- 10 frames a second are enough for these slow exercises: every fifth frame, numbered anew.
CREATE VIEW frames AS
SELECT source, video, subject, frame / 5 AS frame, label, ax, ay, az, wx, wy, wz
FROM watch WHERE frame % 5 = 0;
-- Two of the seven exercises are made rare: 30 windows of PEN, 60 of TRAP.
CREATE VIEW rare AS
SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY label ORDER BY window_id) AS n
    FROM pose_windows((SELECT * FROM frames), width => 20, stride => 20))
WHERE CASE label WHEN 'PEN' THEN n % 9 = 0 WHEN 'TRAP' THEN n % 5 = 0 ELSE true END;

CREATE VIEW parts AS
SELECT * FROM pose_split((SELECT * FROM rare), by => 'subject', train => 0.6, validation => 0.2, test => 0.2, seed => 7);

-- balanced: windows / (classes * windows of the class), counted over the train rows.
SELECT label, count(*) AS train, round(avg(weight), 4) AS weight
FROM pose_weigh((SELECT * FROM parts)) WHERE split = 'train' GROUP BY label ORDER BY label;

-- The same number as a window function, for queries of your own.
SELECT DISTINCT label, round(pose_class_weight(label) OVER (), 4) AS weight
FROM parts WHERE split = 'train' ORDER BY label;
