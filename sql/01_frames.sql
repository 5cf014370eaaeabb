-- Lesson 1: frames.
--
--   posequel sql -f sql/01_frames.sql
--
-- A frame is a row: who was recorded (source, video, subject), when (frame), doing what (label), and the numbers
-- that were measured. Any table or query with such columns will do; nothing is imported or copied.

-- A Parquet file: 7 shoulder exercises of 10 people, by a watch with an accelerometer (ax ay az) and a gyroscope.
CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION 'tests/data/watch.parquet';

SELECT label, count(*) AS frames, count(DISTINCT video) AS videos, count(DISTINCT subject) AS subjects
FROM watch GROUP BY label ORDER BY label;

-- A folder of CSV files, one for each source; the column `source` tells them apart.
CREATE EXTERNAL TABLE files STORED AS CSV LOCATION 'tests/data/csv/' OPTIONS ('format.has_header' 'true');

SELECT source, video, subject, label, count(*) AS frames
FROM files GROUP BY source, video, subject, label ORDER BY source, video;

-- A lake of Parquet files in folders `source=NAME`: the names of the folders are a column. A query that asks for one
-- source opens the files of that source only.
CREATE EXTERNAL TABLE lake STORED AS PARQUET PARTITIONED BY (source) LOCATION 'tests/data/hive/';

SELECT source, video, min(frame) AS first, max(frame) AS last
FROM lake WHERE source = 'watch-left' GROUP BY source, video ORDER BY video;

-- Sources join into one table of frames by UNION ALL. The arms are mirror images of each other: for the left one
-- ax, wy and wz change sign, and left and right can be learned as one movement.
CREATE VIEW frames AS
SELECT source, video, subject, frame, label, ax, ay, az, wx, wy, wz FROM files WHERE source = 'watch-right'
UNION ALL
SELECT source, video, subject, frame, label, -ax AS ax, ay, az, wx, -wy AS wy, -wz AS wz FROM lake
WHERE source = 'watch-left';

SELECT label, source, round(avg(ax), 2) AS ax, round(avg(ay), 2) AS ay, round(avg(az), 2) AS az
FROM frames GROUP BY label, source ORDER BY label, source;
