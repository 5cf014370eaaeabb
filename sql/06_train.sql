-- Lesson 6: training.
--
--   posequel sql -f sql/06_train.sql
--
-- COPY ... STORED AS LSTM trains a recurrent net on the rows of a query. It reads the columns features, label, split
-- and weight by name, and publishes a version of the model when it is done, whole or not at all.

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

-- A small net for a few epochs, so that the lesson takes seconds; the quickstart trains a good one.
COPY (SELECT * FROM dataset) TO 'lesson' STORED AS LSTM
OPTIONS ('units' '16,8', 'epochs' '4', 'seed' '7');

SELECT epoch, round(loss, 3) AS loss, round(val_loss, 3) AS val_loss, learning_rate
FROM models.lesson.history ORDER BY epoch;
