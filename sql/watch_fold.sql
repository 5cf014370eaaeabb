-- One fold of pipelines/watch_folds.toml: two nets that differ in their seeds, and the mean of the two.

-- Turned recordings are trained on and never tested. Nobody validates: ten people are too few to spare two, and the test
-- people must not choose the epoch, so all folds train for as long.
CREATE VIEW fold${fold} AS
SELECT * EXCEPT (fold, turned), CASE fold WHEN ${fold} THEN 'test' ELSE 'train' END AS split
FROM windows WHERE fold <> ${fold} OR NOT turned;

COPY (SELECT * FROM fold${fold}) TO 'models/watch_fold${fold}_a' STORED AS GRU OPTIONS (
  'units' '64,32', 'bidirectional' 'true', 'pooling' 'attention', 'learning_rate' '0.002', 'batch_size' '32',
  'epochs' '10', 'monitor' 'val_accuracy', 'reduce_lr_patience' '2', 'seed' '7');
COPY (SELECT * FROM fold${fold}) TO 'models/watch_fold${fold}_b' STORED AS GRU OPTIONS (
  'units' '64,32', 'bidirectional' 'true', 'pooling' 'attention', 'learning_rate' '0.002', 'batch_size' '32',
  'epochs' '10', 'monitor' 'val_accuracy', 'reduce_lr_patience' '2', 'seed' '8');
COPY (SELECT * FROM fold${fold}) TO 'models/watch_fold${fold}' STORED AS ENSEMBLE
OPTIONS ('members' 'watch_fold${fold}_a,watch_fold${fold}_b');

INSERT INTO tested
SELECT ${fold}, net, subject, label, predicted FROM (
  SELECT 'one net' AS net, * FROM models.watch_fold${fold}_a.predictions
  UNION ALL SELECT 'one net' AS net, * FROM models.watch_fold${fold}_b.predictions
  UNION ALL SELECT 'two nets' AS net, * FROM models.watch_fold${fold}.predictions)
WHERE split = 'test';
