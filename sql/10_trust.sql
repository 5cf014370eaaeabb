-- Lesson 10: what a result is worth.
--
--   posequel sql -f sql/10_trust.sql
--
-- A high number on test rows means nothing if the recordings are broken, a class is hardly there, or the net has seen
-- the test rows before. All of that can be asked for before anything is trained.

CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION 'tests/data/watch.parquet';

-- 10 frames a second are enough for these slow exercises: every fifth frame, numbered anew.
CREATE VIEW frames AS
SELECT source, video, subject, frame / 5 AS frame, label, ax, ay, az, wx, wy, wz
FROM watch WHERE frame % 5 = 0;

-- These recordings are sound. So that there is something to find: one without 2 of its seconds, one with three frames
-- twice, one with a value that was lost, one whose gyroscope stood still, and one as it is.
CREATE VIEW spoiled AS
SELECT * FROM frames WHERE video = 'watch_000' AND frame NOT BETWEEN 100 AND 119
UNION ALL SELECT * FROM frames WHERE video = 'watch_001'
UNION ALL SELECT * FROM frames WHERE video = 'watch_001' AND frame < 3
UNION ALL SELECT * REPLACE (CASE WHEN frame <> 7 THEN ay END AS ay) FROM frames WHERE video = 'watch_002'
UNION ALL SELECT * REPLACE (0.0 AS wz) FROM frames WHERE video = 'watch_003'
UNION ALL SELECT * FROM frames WHERE video = 'watch_004';

SELECT video, rows, missing_frames, duplicates, features_with_nulls AS lost, constant_features AS constant, advice
FROM pose_inventory((SELECT * FROM spoiled)) ORDER BY video;

SELECT count(video) AS recordings, count(advice) AS with_advice FROM pose_inventory((SELECT * FROM frames));

-- Windows of 2 seconds, one each second. How much is there of each class, and of how many people? A rare class weighs
-- more. Here TRAP is left with a single recording: nothing that is learned from it could be tested.
CREATE TABLE windows AS
SELECT * FROM pose_windows((SELECT * FROM frames), width => 20, stride => 10);

SELECT label, windows, recordings, subjects, round(weight, 3) AS weight, advice
FROM pose_balance((SELECT * FROM windows WHERE label <> 'TRAP' OR video = 'watch_010')) ORDER BY label;

-- Three ways to choose what is tested. By window: any windows at random. In time: the end of each recording. By
-- subject: all windows of some people. Nobody validates here, so that all nets below are trained for as long.
CREATE VIEW by_window AS
SELECT * FROM pose_split((SELECT * FROM windows),
    by => 'window_id', train => 0.7, validation => 0, test => 0.3, seed => 7);
CREATE VIEW in_time AS
SELECT * FROM pose_split((SELECT * FROM windows), mode => 'time', train => 0.7, validation => 0, test => 0.3);
CREATE VIEW by_subject AS
SELECT * FROM pose_split((SELECT * FROM windows),
    by => 'subject', train => 0.7, validation => 0, test => 0.3, seed => 7);

-- What has train seen of the test rows? share is the part of them that is touched. Windows overlap by half: of those
-- chosen at random nearly all share frames with one in train. Of whole people there is nothing to report.
SELECT way, check, status, rows, round(share, 3) AS share FROM (
    SELECT '1 by window' AS way, * FROM pose_leaks((SELECT * FROM by_window))
    UNION ALL SELECT '2 in time', * FROM pose_leaks((SELECT * FROM in_time))
    UNION ALL SELECT '3 by subject', * FROM pose_leaks((SELECT * FROM by_subject)))
WHERE rows > 0 ORDER BY way, check;

-- A split by subject can be spoiled afterwards: test windows are copied as well, or files were read twice, and the same
-- people come again under other names.
SELECT mistake, check, status, rows, round(share, 3) AS share FROM (
    SELECT 'copied' AS mistake, * FROM pose_leaks((
        SELECT * FROM pose_augment((SELECT * FROM by_subject), policy => 'noise(0.02)', rows => 'all', seed => 7)))
    UNION ALL
    SELECT 'read twice', * FROM pose_leaks((
        SELECT * FROM by_subject
        UNION ALL
        SELECT * REPLACE (concat('again_', video) AS video, concat('again_', subject) AS subject,
                          concat('again_', window_id) AS window_id, 'train' AS split)
        FROM by_subject WHERE split = 'test')))
WHERE rows > 0 ORDER BY mistake, check;

-- Training looks for the same. Of by_window it says, before it starts:
--   140 recordings ('seglearn-watch/watch_000', ...) are on more than one side (train, test): windows of one recording
--   resemble each other, so the result would measure memory. Split by whole recordings: pose_split(..., by => 'video'),
--   or by => 'subject'
-- It can be told to go on. Then it warns, and the result is marked as leaky for as long as it exists.
COPY (SELECT * FROM by_window) TO 'by_window' STORED AS GRU
OPTIONS ('units' '32', 'epochs' '6', 'learning_rate' '0.005', 'seed' '7', 'allow_leaks' 'true');
COPY (SELECT * FROM in_time) TO 'in_time' STORED AS GRU
OPTIONS ('units' '32', 'epochs' '6', 'learning_rate' '0.005', 'seed' '7');
COPY (SELECT * FROM by_subject) TO 'by_subject' STORED AS GRU
OPTIONS ('units' '32', 'epochs' '6', 'learning_rate' '0.005', 'seed' '7');

-- The same net three times, and only the last number is one for a person who comes tomorrow. A split in time shares no
-- frame, so it is no error; but it knows everybody whom it tests, and its metrics say so. Who was drawn matters, too:
-- pipelines/watch_leaks.toml draws three times.
SELECT way, round(value, 3) AS accuracy, round(low, 3) AS low, round(high, 3) AS high, leaky, caveat FROM (
    SELECT '1 by window' AS way, * FROM models.by_window.metrics
    UNION ALL SELECT '2 in time', * FROM models.in_time.metrics
    UNION ALL SELECT '3 by subject', * FROM models.by_subject.metrics)
WHERE split = 'test' AND metric = 'accuracy' ORDER BY way;

-- What is wrong with a model, as a table: each finding has a message, a cause and advice. That nobody validates was
-- meant, so it is left out.
CREATE VIEW findings AS
SELECT '1 by window' AS way, * FROM pose_diagnose('by_window') WHERE check <> 'empty_validation'
UNION ALL SELECT '2 in time', * FROM pose_diagnose('in_time') WHERE check <> 'empty_validation'
UNION ALL SELECT '3 by subject', * FROM pose_diagnose('by_subject') WHERE check <> 'empty_validation';

SELECT way, severity, check, count(*) AS findings FROM findings
GROUP BY way, severity, check ORDER BY way, severity, check;

SELECT DISTINCT check, cause FROM findings WHERE check <> 'still_improving' ORDER BY check;
