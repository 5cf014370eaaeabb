-- Lesson 7: what training tells.
--
--   posequel sql -f sql/07_results.sql
--
-- Everything that is known of a model is a table in the catalog `models`. Without a version, the newest is meant.

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

-- How good is it on people it has never seen? low and high are a 95 % interval.
SELECT metric, round(value, 3) AS value, round(low, 3) AS low, round(high, 3) AS high
FROM models.lesson.metrics WHERE split = 'test' ORDER BY metric;

-- Which classes does it know?
SELECT label, round(precision, 3) AS precision, round(recall, 3) AS recall, round(f1, 3) AS f1, support
FROM models.lesson.class_metrics WHERE split = 'test' ORDER BY label;

-- What does it take for what?
SELECT label, predicted, count FROM models.lesson.confusion
WHERE split = 'test' AND label <> predicted ORDER BY count DESC, label, predicted LIMIT 5;

-- Did it go on getting better?
SELECT epoch, round(loss, 3) AS loss, round(val_loss, 3) AS val_loss, round(val_accuracy, 3) AS val_accuracy
FROM models.lesson.history ORDER BY epoch;
