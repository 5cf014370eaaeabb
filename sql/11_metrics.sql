-- Lesson 11: how good is it, and how sure is that?
--
--   posequel sql -f sql/11_metrics.sql
--
-- Training measures a net on every side of the split. Any other table of predictions can be measured, too: of another
-- program, or put together from several nets.

CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION 'tests/data/watch.parquet';

-- 10 frames a second are enough for these slow exercises: every fifth frame, numbered anew. Left arms are mirrored.
CREATE VIEW frames AS
SELECT source, video, subject, frame / 5 AS frame, label, m * ax AS ax, ay, az, wx, m * wy AS wy, m * wz AS wz
FROM (SELECT *, CASE side WHEN 'L' THEN -1.0 ELSE 1.0 END AS m FROM watch) WHERE frame % 5 = 0;
CREATE TABLE windows AS
SELECT * FROM pose_windows((SELECT * FROM frames), width => 20, stride => 10);
CREATE VIEW dataset AS
SELECT * FROM pose_split((SELECT * FROM windows),
    by => 'subject', train => 0.5, validation => 0.2, test => 0.3, seed => 7);

COPY (SELECT * FROM dataset) TO 'net' STORED AS GRU
OPTIONS ('units' '32', 'epochs' '12', 'learning_rate' '0.005', 'monitor' 'val_accuracy', 'seed' '7');

-- Of each metric the unit, which way is better, and a 95 % interval: where the value may lie with other recordings of
-- these people. Windows of one recording resemble each other, so recordings are drawn for it, not windows.
SELECT metric, round(value, 3) AS value, unit, better, round(low, 3) AS low, round(high, 3) AS high, "interval", groups
FROM models.net.metrics WHERE split = 'test' ORDER BY metric;

-- What plain methods reach: the most frequent class, the nearest mean, a linear model of statistics of a window.
-- difference is the net's lead over each, p how often chance alone would give as much, and net_is says what the net is.
SELECT baseline, round(accuracy, 3) AS accuracy, round(difference, 3) AS difference, p, net_is
FROM models.net.baselines WHERE split = 'test' ORDER BY accuracy;

-- Which classes does it find, and for what does it take the one that it finds least?
SELECT label, round(precision, 3) AS precision, round(recall, 3) AS recall, round(recall_low, 3) AS recall_low,
       round(recall_high, 3) AS recall_high, support, round(roc_auc, 3) AS roc_auc
FROM models.net.class_metrics WHERE split = 'test' ORDER BY recall;

SELECT label, predicted, count FROM models.net.confusion
WHERE split = 'test' AND label = 'ABD' AND count > 0 ORDER BY count DESC, predicted;

-- When it says 80 %, is it right in 80 of 100 cases? ece is the mean difference of the last two columns.
SELECT low, high, count, round(confidence, 3) AS confidence, round(accuracy, 3) AS accuracy
FROM models.net.reliability WHERE split = 'test' AND count > 0 ORDER BY low;

-- It is too sure of itself. 'calibrate' fits one number to the validation rows, the temperature, which makes the net
-- humbler and changes no answer. Whether that is right for other people, too, the test tells.
COPY (SELECT * FROM dataset) TO 'calibrated' STORED AS GRU
OPTIONS ('units' '32', 'epochs' '12', 'learning_rate' '0.005', 'monitor' 'val_accuracy', 'seed' '7',
  'calibrate' 'true');

SELECT a.split, a.metric, round(a.value, 3) AS net, round(b.value, 3) AS calibrated
FROM models.net.metrics AS a JOIN models.calibrated.metrics AS b ON a.split = b.split AND a.metric = b.metric
WHERE a.split <> 'train' AND a.metric IN ('accuracy', 'ece', 'log_loss') ORDER BY a.split, a.metric;

-- A net may abstain: where it is less sure than min_confidence, the last argument, pose_predict gives no label. Then
-- answers are measured; coverage is the share of rows that have one. By hand it is the same.
CREATE VIEW answers AS
SELECT video, label, pose_predict('calibrated', features, NULL, 0.7)['label'] AS predicted
FROM dataset WHERE split = 'test';

SELECT metric, round(value, 3) AS value, n FROM pose_metrics((SELECT * FROM answers))
WHERE metric IN ('accuracy', 'coverage') ORDER BY metric;
SELECT round(sum(CASE WHEN predicted = label THEN 1.0 ELSE 0.0 END) / count(predicted), 3) AS accuracy,
       round(count(predicted) / count(*)::DOUBLE, 3) AS coverage FROM answers;

-- A threshold for one class: how much of ABD is found, if so much of the rest may be taken for it? That is pose_roc.
SELECT at_most AS taken_wrongly, round(max(true_positive_rate), 3) AS found, round(min(threshold), 3) AS threshold
FROM pose_roc((SELECT * FROM models.calibrated.predictions WHERE split = 'test'))
CROSS JOIN (VALUES (0.01), (0.02), (0.05), (0.1), (0.2)) AS shares(at_most)
WHERE label = 'ABD' AND false_positive_rate <= at_most GROUP BY at_most ORDER BY at_most;

-- Predictions of anybody: a label and what was predicted are enough. Without recordings each row stands for itself.
SELECT metric, round(value, 3) AS value, round(low, 3) AS low, round(high, 3) AS high, "interval" FROM pose_metrics((
    SELECT * FROM (VALUES ('run', 'run'), ('run', 'walk'), ('walk', 'walk'), ('walk', 'walk')) AS t(label, predicted)))
WHERE metric IN ('accuracy', 'f1_macro', 'kappa') ORDER BY metric;

-- Is a smaller net as good? Both are tested on the same recordings; p is how often two equal nets would differ as much.
-- Over people nothing is shown: of three coins that all fall alike, one time in four is chance.
COPY (SELECT * FROM dataset) TO 'small_net' STORED AS GRU
OPTIONS ('units' '8', 'epochs' '12', 'learning_rate' '0.005', 'monitor' 'val_accuracy', 'seed' '7');

CREATE VIEW both AS
SELECT '32 units' AS net, * FROM models.net.predictions WHERE split = 'test'
UNION ALL SELECT '8 units', * FROM models.small_net.predictions WHERE split = 'test';

SELECT net, round(accuracy, 3) AS accuracy, groups, round(difference, 3) AS difference, p, verdict
FROM pose_compare((SELECT * FROM both), by => 'net') ORDER BY net;
SELECT net, round(accuracy, 3) AS accuracy, groups, round(difference, 3) AS difference, p, verdict
FROM pose_compare((SELECT * FROM both), by => 'net', groups => 'subject') ORDER BY net;

-- Three people are few. Of two halves each is tested by a net that learned from the other: all ten are strangers once.
CREATE VIEW halves AS SELECT * FROM pose_folds((SELECT * FROM windows), by => 'subject', folds => 2, seed => 7);
COPY (SELECT * EXCEPT (fold), CASE fold WHEN 1 THEN 'test' ELSE 'train' END AS split FROM halves) TO 'half1'
STORED AS GRU OPTIONS ('units' '32', 'epochs' '12', 'learning_rate' '0.005', 'seed' '7');
COPY (SELECT * EXCEPT (fold), CASE fold WHEN 2 THEN 'test' ELSE 'train' END AS split FROM halves) TO 'half2'
STORED AS GRU OPTIONS ('units' '32', 'epochs' '12', 'learning_rate' '0.005', 'seed' '7');

CREATE VIEW tested AS
SELECT * FROM models.half1.predictions WHERE split = 'test' UNION ALL
SELECT * FROM models.half2.predictions WHERE split = 'test';

SELECT subject, round(value, 3) AS accuracy, round(low, 3) AS low, round(high, 3) AS high, groups AS recordings
FROM pose_metrics((SELECT * FROM tested), by => 'subject') WHERE metric = 'accuracy' ORDER BY subject;

-- What of people yet to come? People are drawn then, with all their recordings, and the interval is wider.
SELECT 'recordings' AS drawn, round(value, 3) AS accuracy, round(low, 3) AS low, round(high, 3) AS high, groups
FROM pose_metrics((SELECT * FROM tested)) WHERE metric = 'accuracy'
UNION ALL
SELECT 'people', round(value, 3), round(low, 3), round(high, 3), groups
FROM pose_metrics((SELECT * FROM tested), groups => 'subject') WHERE metric = 'accuracy' ORDER BY groups;
