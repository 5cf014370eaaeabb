-- The store in this folder, as posequel at a8c51fe wrote it; later versions read it, and go on with its state to the same bytes.
CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION 'tests/data/watch.parquet';
COPY (SELECT * FROM pose_split((
    SELECT * FROM pose_windows((
      SELECT source, video, subject, frame / 20 AS frame, label, ax, ay, az FROM watch
      WHERE frame % 20 = 0 AND label IN ('ABD', 'PEN', 'TRAP')),
      width => 8, stride => 16)),
    by => 'subject', train => 0.6, validation => 0.2, test => 0.2, seed => 7) ORDER BY window_id)
  TO 'windows.parquet' STORED AS PARQUET;
CREATE EXTERNAL TABLE windows STORED AS PARQUET LOCATION 'windows.parquet';
COPY windows TO 'models/lstm' STORED AS LSTM
  OPTIONS ('units' '6', 'dense' '4', 'epochs' '3', 'seed' '3', 'batch_size' '16', 'calibrate' 'true');
COPY windows TO 'models/gru' STORED AS GRU
  OPTIONS ('units' '4', 'dense' 'none', 'bidirectional' 'true', 'pooling' 'attention', 'epochs' '3', 'seed' '3', 'batch_size' '16');
COPY windows TO 'models/both' STORED AS ENSEMBLE OPTIONS ('members' 'lstm@1,gru@1');
