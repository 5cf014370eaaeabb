-- Lesson 4: augmented copies.
--
--   posequel sql -f sql/04_augment.sql
--
-- A copy of a window with a little noise, or played faster, is one more example of the same movement. Copies are
-- made of train windows only; each says which window it was made from and what was done to it.

CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION 'tests/data/watch.parquet';

-- 10 frames a second are enough for these slow exercises: every fifth frame, numbered anew.
CREATE VIEW frames AS
SELECT source, video, subject, frame / 5 AS frame, label, ax, ay, az, wx, wy, wz
FROM watch WHERE frame % 5 = 0;
CREATE VIEW parts AS
SELECT * FROM pose_split(
    (SELECT * FROM pose_windows((SELECT * FROM frames), width => 20, stride => 20)),
    by => 'subject', train => 0.6, validation => 0.2, test => 0.2, seed => 7);

CREATE VIEW augmented AS
SELECT * FROM pose_augment((SELECT * FROM parts), policy => 'noise(0.02), speed(0.8, 1.25)', copies => 2, seed => 7);

SELECT split, copy, count(*) AS windows FROM augmented GROUP BY split, copy ORDER BY split, copy;

SELECT source_window_id, copy, operations, features FROM augmented
WHERE split = 'train' ORDER BY source_window_id, copy LIMIT 3;

-- One window, noise by hand: the same seed and key give the same bits, on any machine.
SELECT window_id, features, pose_noise(features, 0.1, 7, window_id) AS noisy
FROM parts ORDER BY window_id LIMIT 1;

-- A mirrored arm: ax, wy and wz change sign. Mirrored twice it is the same window again.
CREATE VIEW mirrored AS
SELECT *, pose_mirror(features, 'ax:-1, wy:-1, wz:-1', ['ax', 'ay', 'az', 'wx', 'wy', 'wz']) AS mirror FROM parts;

SELECT count(*) AS windows,
       count(*) FILTER (WHERE mirror = features) AS unchanged,
       count(*) FILTER (WHERE pose_mirror(mirror, 'ax:-1, wy:-1, wz:-1', ['ax', 'ay', 'az', 'wx', 'wy', 'wz'])
                              = features) AS same_again
FROM mirrored;
