-- Lesson 3: train, validation and test.
--
--   posequel sql -f sql/03_split.sql
--
-- Windows of one person look alike. A net that has seen a person in training is not tested by that person's other
-- windows, so whole people go to one side: by => 'subject'.

CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION 'tests/data/watch.parquet';

-- 10 frames a second are enough for these slow exercises: every fifth frame, numbered anew.
CREATE VIEW frames AS
SELECT source, video, subject, frame / 5 AS frame, label, ax, ay, az, wx, wy, wz
FROM watch WHERE frame % 5 = 0;
CREATE VIEW windows AS
SELECT * FROM pose_windows((SELECT * FROM frames), width => 20, stride => 20);

CREATE VIEW parts AS
SELECT * FROM pose_split((SELECT * FROM windows), by => 'subject', train => 0.6, validation => 0.2, test => 0.2, seed => 7);

SELECT split, count(DISTINCT subject) AS subjects, count(*) AS windows FROM parts GROUP BY split ORDER BY split;

-- Every class has windows on every side, in about the same share.
SELECT label,
       count(*) FILTER (WHERE split = 'train') AS train,
       count(*) FILTER (WHERE split = 'validation') AS validation,
       count(*) FILTER (WHERE split = 'test') AS test
FROM parts GROUP BY label ORDER BY label;

-- Nobody is on two sides.
SELECT count(*) AS subjects_on_two_sides
FROM (SELECT subject FROM parts GROUP BY subject HAVING count(DISTINCT split) > 1);
