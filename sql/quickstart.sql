-- From real frames to a trained model: seven shoulder exercises, seen by a watch, tested on people it has never met.
--
--   posequel run pipelines/quickstart.toml

CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION 'tests/data/watch.parquet';

-- 50 frames a second become 6.25; left arms are mirrored, so that both arms make the same movement.
CREATE VIEW frames AS
SELECT source, video, subject, frame / 8 AS frame, label,
       avg(mirrored * ax)::FLOAT AS ax, avg(ay)::FLOAT AS ay, avg(az)::FLOAT AS az,
       avg(wx)::FLOAT AS wx, avg(mirrored * wy)::FLOAT AS wy, avg(mirrored * wz)::FLOAT AS wz
FROM (SELECT *, CASE side WHEN 'L' THEN -1 ELSE 1 END AS mirrored FROM watch)
GROUP BY source, video, subject, frame / 8, label;

-- Windows of 4 seconds; whole people to one side; copies of train windows; class weights.
CREATE VIEW dataset AS
SELECT * FROM pose_weigh((
  SELECT * FROM pose_augment((
    SELECT * FROM pose_split((
      SELECT * FROM pose_windows((SELECT * FROM frames), width => 25, stride => 12)),
      by => 'subject', train => 0.6, validation => 0.2, test => 0.2, seed => 7)),
    policy => 'noise(0.2), speed(0.8, 1.25)', copies => 2, seed => 7)));

COPY (SELECT * FROM dataset) TO 'gait' STORED AS LSTM OPTIONS (
  'units' '64,32', 'bidirectional' 'true', 'learning_rate' '0.002', 'batch_size' '32', 'epochs' '12',
  'monitor' 'val_accuracy', 'reduce_lr_patience' '2', 'seed' '7');

SELECT metric, round(value, 3) AS value, round(low, 3) AS low, round(high, 3) AS high, groups AS recordings
FROM models.gait.metrics WHERE split = 'test' AND metric = 'accuracy';

SELECT label, round(precision, 2) AS precision, round(recall, 2) AS recall, round(f1, 2) AS f1, support
FROM models.gait.class_metrics WHERE split = 'test' ORDER BY label;

-- Rows are what was done, columns what the model took it for.
SELECT label,
       sum(count) FILTER (WHERE predicted = 'ABD') AS abd, sum(count) FILTER (WHERE predicted = 'ER') AS er,
       sum(count) FILTER (WHERE predicted = 'FEL') AS fel, sum(count) FILTER (WHERE predicted = 'IR') AS ir,
       sum(count) FILTER (WHERE predicted = 'PEN') AS pen, sum(count) FILTER (WHERE predicted = 'ROW') AS row,
       sum(count) FILTER (WHERE predicted = 'TRAP') AS trap
FROM models.gait.confusion WHERE split = 'test' GROUP BY label ORDER BY label;

SELECT version, train_rows, validation_rows, test_rows, epochs, best_epoch, location
FROM models.gait.versions ORDER BY version DESC LIMIT 1;
