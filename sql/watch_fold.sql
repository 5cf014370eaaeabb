-- One fold of pipelines/watch_folds.toml: six nets that differ in their seeds, and the mean of the six.

-- Turned recordings are trained on and never tested. Nobody validates, and all folds train for as long: the test people do
-- not choose the epoch.
CREATE VIEW fold${fold} AS
SELECT * EXCEPT (fold, turned), CASE fold WHEN ${fold} THEN 'test' ELSE 'train' END AS split
FROM windows WHERE fold <> ${fold} OR NOT turned;

COPY (SELECT * FROM fold${fold}) TO 'watch_fold${fold}_a' STORED AS GRU OPTIONS (
  'units' '64,32', 'bidirectional' 'true', 'pooling' 'attention', 'learning_rate' '0.002', 'batch_size' '32',
  'epochs' '10', 'monitor' 'val_accuracy', 'reduce_lr_patience' '2', 'seed' '1');
COPY (SELECT * FROM fold${fold}) TO 'watch_fold${fold}_b' STORED AS GRU OPTIONS (
  'units' '64,32', 'bidirectional' 'true', 'pooling' 'attention', 'learning_rate' '0.002', 'batch_size' '32',
  'epochs' '10', 'monitor' 'val_accuracy', 'reduce_lr_patience' '2', 'seed' '2');
COPY (SELECT * FROM fold${fold}) TO 'watch_fold${fold}_c' STORED AS GRU OPTIONS (
  'units' '64,32', 'bidirectional' 'true', 'pooling' 'attention', 'learning_rate' '0.002', 'batch_size' '32',
  'epochs' '10', 'monitor' 'val_accuracy', 'reduce_lr_patience' '2', 'seed' '3');
COPY (SELECT * FROM fold${fold}) TO 'watch_fold${fold}_d' STORED AS GRU OPTIONS (
  'units' '64,32', 'bidirectional' 'true', 'pooling' 'attention', 'learning_rate' '0.002', 'batch_size' '32',
  'epochs' '10', 'monitor' 'val_accuracy', 'reduce_lr_patience' '2', 'seed' '4');
COPY (SELECT * FROM fold${fold}) TO 'watch_fold${fold}_e' STORED AS GRU OPTIONS (
  'units' '64,32', 'bidirectional' 'true', 'pooling' 'attention', 'learning_rate' '0.002', 'batch_size' '32',
  'epochs' '10', 'monitor' 'val_accuracy', 'reduce_lr_patience' '2', 'seed' '5');
COPY (SELECT * FROM fold${fold}) TO 'watch_fold${fold}_f' STORED AS GRU OPTIONS (
  'units' '64,32', 'bidirectional' 'true', 'pooling' 'attention', 'learning_rate' '0.002', 'batch_size' '32',
  'epochs' '10', 'monitor' 'val_accuracy', 'reduce_lr_patience' '2', 'seed' '6');
COPY (SELECT * FROM fold${fold}) TO 'watch_fold${fold}' STORED AS ENSEMBLE
OPTIONS ('members' 'watch_fold${fold}_a,watch_fold${fold}_b,watch_fold${fold}_c,watch_fold${fold}_d,watch_fold${fold}_e,watch_fold${fold}_f');

INSERT INTO tested
SELECT ${fold}, net, subject, label, predicted FROM (
  SELECT 'seed 1' AS net, * FROM models.watch_fold${fold}_a.predictions
  UNION ALL SELECT 'seed 2' AS net, * FROM models.watch_fold${fold}_b.predictions
  UNION ALL SELECT 'seed 3' AS net, * FROM models.watch_fold${fold}_c.predictions
  UNION ALL SELECT 'seed 4' AS net, * FROM models.watch_fold${fold}_d.predictions
  UNION ALL SELECT 'seed 5' AS net, * FROM models.watch_fold${fold}_e.predictions
  UNION ALL SELECT 'seed 6' AS net, * FROM models.watch_fold${fold}_f.predictions
  UNION ALL SELECT 'all six' AS net, * FROM models.watch_fold${fold}.predictions)
WHERE split = 'test';
