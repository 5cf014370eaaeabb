-- 4.2 GB of frames in no order, under 256 MB: `posequel sql -f benches/out_of_order.sql`. In one partition DataFusion's sort spills;
-- in two it ends with the error of a resource limit, and exit code 4.
SET datafusion.execution.target_partitions = 1;
SET datafusion.runtime.memory_limit = '256M';
SELECT count(*), sum(purity) AS p, max(features[1]) AS m FROM pose_windows((
  SELECT source, video, (frame * 7919) % 200003 AS frame, label, features
  FROM pose_walkers(subjects => 10, seconds => 8000.12, missing => 0)), width => 30, stride => 15);
