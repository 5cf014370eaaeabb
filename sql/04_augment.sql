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

-- A policy is a chain of operations; @ says how often one is done at all. As a table it can be read, and a word that is
-- no operation is an error before anything is made.
SELECT * FROM pose_policy('rotate(-20, 20, ax, ay)@0.5 | time_warp(0.2)@0.5 | noise(0.02) | mirror@0.5') ORDER BY step;

-- A watch that sits askew, a movement that is faster here and slower there, a bit of noise, the other arm (which signs
-- change then, says `skeleton`). With balance => 'max' rare classes get more copies, until each class has as many train
-- rows as the most frequent one with its copies.
CREATE VIEW balanced AS
SELECT * FROM pose_augment((SELECT * FROM parts),
    policy => 'rotate(-20, 20, ax, ay)@0.5 | time_warp(0.2)@0.5 | noise(0.02) | mirror@0.5',
    skeleton => 'ax:-1, wy:-1, wz:-1', copies => 1, balance => 'max', seed => 7);

SELECT label, count(*) FILTER (WHERE copy = 0) AS originals, count(*) FILTER (WHERE copy > 0) AS copies,
       count(*) AS train, max(copy) AS most_of_a_window
FROM balanced WHERE split = 'train' GROUP BY label ORDER BY label;

-- `operations` says what was done to a copy, and with which numbers.
SELECT window_id, operations FROM balanced WHERE copy > 0 ORDER BY window_id LIMIT 5;

-- So a policy can be checked: all copies have noise, and half of them whatever has the probability 0.5.
SELECT count(*) AS copies, count(*) FILTER (WHERE operations LIKE '%noise%') AS noisy,
       round(avg(CASE WHEN operations LIKE '%rotate%' THEN 1.0 ELSE 0.0 END), 2) AS rotated,
       round(avg(CASE WHEN operations LIKE '%time_warp%' THEN 1.0 ELSE 0.0 END), 2) AS warped,
       round(avg(CASE WHEN operations LIKE '%mirror%' THEN 1.0 ELSE 0.0 END), 2) AS mirrored
FROM balanced WHERE copy > 0;

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
