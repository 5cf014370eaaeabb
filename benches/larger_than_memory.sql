-- 4.2 GB of windows under a memory limit of 512 MB: /usr/bin/time -v posequel sql -f benches/larger_than_memory.sql
SET datafusion.runtime.memory_limit = '512M';
-- In several partitions the merges of DataFusion's sorts, which cannot spill, run out of so small a pool.
SET datafusion.execution.target_partitions = 1;
CREATE VIEW frames AS
SELECT (value / 10000)::TEXT AS video, value % 10000 AS frame, ['a','b','c'][1 + (value / 10000) % 3] AS label,
       sin(value * 0.01)::FLOAT AS f1, cos(value * 0.02)::FLOAT AS f2, sin(value * 0.03 + (value / 10000) % 3)::FLOAT AS f3,
       (value % 7)::FLOAT AS f4, (value % 11)::FLOAT AS f5, (((value / 10000) % 3) * 0.5)::FLOAT AS f6
FROM range(0, 17500000);
COPY (SELECT *, CASE video::INT % 10 WHEN 0 THEN 'test' WHEN 1 THEN 'validation' ELSE 'train' END AS split
      FROM pose_windows((SELECT * FROM frames), width => 100, stride => 10))
TO 'big' STORED AS LSTM OPTIONS ('units' '16', 'dense' 'none', 'epochs' '1', 'batch_size' '256', 'learning_rate' '0.01');
SELECT kind, train_rows, validation_rows, test_rows, epochs, test_accuracy FROM models.big.versions;
