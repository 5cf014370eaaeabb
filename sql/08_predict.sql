-- Lesson 8: prediction.
--
--   posequel sql -f sql/08_predict.sql

CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION 'tests/data/watch.parquet';

-- 10 frames a second are enough for these slow exercises: every fifth frame, numbered anew.
CREATE VIEW frames AS
SELECT source, video, subject, frame / 5 AS frame, label, ax, ay, az, wx, wy, wz
FROM watch WHERE frame % 5 = 0;
CREATE VIEW windows AS
SELECT * FROM pose_windows((SELECT * FROM frames), width => 20, stride => 20);

CREATE VIEW dataset AS
SELECT * FROM pose_weigh((
    SELECT * FROM pose_split((SELECT * FROM windows),
        by => 'subject', train => 0.6, validation => 0.2, test => 0.2, seed => 7)));

COPY (SELECT * FROM dataset) TO 'lesson' STORED AS LSTM
OPTIONS ('units' '16,8', 'epochs' '4', 'seed' '7');

-- A struct of the most probable label, its probability, and the probability of every label.
CREATE VIEW predictions AS
SELECT window_id, video, label, pose_predict('lesson', features) AS p FROM dataset WHERE split = 'test';

SELECT window_id, label, p['label'] AS predicted, round(p['probability'], 3) AS probability
FROM predictions ORDER BY window_id LIMIT 5;

-- A recording is what most of its windows are.
SELECT video, label, predicted, windows FROM (
    SELECT video, label, p['label'] AS predicted, count(*) AS windows,
           row_number() OVER (PARTITION BY video ORDER BY count(*) DESC, p['label']) AS place
    FROM predictions GROUP BY video, label, p['label'])
WHERE place = 1 ORDER BY video LIMIT 5;
