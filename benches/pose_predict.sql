-- A million windows are asked about: run this once, then
--   time posequel sql -c "SELECT count(pose_predict('seed', features)['label']) FROM 'windows.parquet'"
CREATE VIEW frames AS
SELECT (value / 3000)::TEXT AS video, value % 3000 AS frame, ['a','b','c','d','e','f','g'][1 + (value / 3000) % 7] AS label,
       sin(value * 0.01)::FLOAT AS f1, cos(value * 0.02)::FLOAT AS f2, sin(value * 0.03)::FLOAT AS f3,
       (value % 7)::FLOAT AS f4, (value % 11)::FLOAT AS f5, (((value / 3000) % 7) * 0.5)::FLOAT AS f6, cos(value)::FLOAT AS f7
FROM range(0, 3000000);
COPY (SELECT *, CASE video::INT % 10 WHEN 0 THEN 'test' WHEN 1 THEN 'validation' ELSE 'train' END AS split
      FROM pose_windows((SELECT * FROM frames WHERE video::INT < 70), width => 30, stride => 30)) TO 'seed' STORED AS LSTM OPTIONS ('epochs' '1');
COPY (SELECT window_id, features FROM pose_windows((SELECT * FROM frames), width => 30, stride => 3)) TO 'windows.parquet' STORED AS PARQUET;
SELECT count(*) FROM 'windows.parquet';
