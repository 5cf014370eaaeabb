-- Lesson 9: joints and skeletons.
--
--   posequel sql -f sql/09_joints.sql
--
-- A detector finds people in a video: x, y and a confidence of each joint, one joint after the other. A skeleton says
-- which number is which joint, so that joints can be asked for by name.

SELECT * FROM pose_skeletons WHERE name = 'body25' AND index BETWEEN 11 AND 14 ORDER BY index;

-- People who do not exist, so that there is nothing to fetch. s01 was recorded with 30 frames a second and s02 with 25;
-- now and then a joint is hidden for a while.
CREATE VIEW recorded AS
SELECT * FROM pose_walkers(subjects => 2, seed => 7, seconds => 4, hz => 30, activities => ['squat', 'walk'])
WHERE subject = 's01'
UNION ALL
SELECT * FROM pose_walkers(subjects => 2, seed => 7, seconds => 4, hz => 25, activities => ['squat', 'walk'])
WHERE subject = 's02';

SELECT video, subject, frame, round(t, 3) AS t, label, features FROM recorded WHERE frame = 1 ORDER BY video;

-- Where the detector was unsure, no place is better than a wrong one: x and y become NULL. This comes first, for later
-- steps mix frames, and would carry a wrong place on. The left knee is joint 13; its x is value 3 * 13 + 1 of a frame.
CREATE VIEW sure AS
SELECT * EXCEPT (features), pose_mask(features, 0.61, 'body25') AS features FROM recorded;

-- A net counts frames, so all recordings need one rate. Values are read on the line between two frames.
CREATE VIEW even AS SELECT * FROM pose_resample((SELECT * FROM sure), hz => 20);

SELECT video, step, count(*) AS frames, round(max(t), 2) AS last, count(*) - count(x) AS without_left_knee FROM (
    SELECT video, '1 recorded' AS step, t, features[40] AS x FROM recorded
    UNION ALL SELECT video, '2 sure', t, features[40] FROM sure
    UNION ALL SELECT video, '3 even', t, features[40] FROM even)
WHERE video LIKE '%squat%' GROUP BY video, step ORDER BY video, step;

-- s02 is taller, which does not matter for a squat: with the trunk as unit both stand equally high. The hips, joint 8,
-- are at 0 in every frame; seen from an ankle they go down. An angle needs neither unit nor origin.
SELECT subject, round(avg(pose_distance(features, 'body25', 'neck', 'mid_hip')), 2) AS trunk_metres,
       round(max(pose_center(features, 'body25', 'left_ankle')[26]), 2) AS hips_highest,
       round(max(pose_center(pose_normalize(features, 'body25'), 'body25', 'left_ankle')[26]), 2) AS highest_in_trunks,
       round(min(pose_center(features, 'body25', 'left_ankle')[26]), 2) AS hips_lowest,
       round(min(pose_center(pose_normalize(features, 'body25'), 'body25', 'left_ankle')[26]), 2) AS lowest_in_trunks,
       round(degrees(min(pose_angle(features, 'body25', 'left_hip', 'left_knee', 'left_ankle')))) AS knee_degrees
FROM even WHERE label = 'squat' GROUP BY subject ORDER BY subject;

-- Numbers side by side are features as well. The median takes out single outliers, the filter of Savitzky and Golay the
-- jitter, which would be large in a velocity. By `frame` they know where gaps are; by t a velocity is one per second.
CREATE VIEW angles AS
SELECT source, video, subject, frame, t, label, pose_vector(
    pose_angle(features, 'body25', 'left_hip', 'left_knee', 'left_ankle'),
    pose_angle(features, 'body25', 'right_hip', 'right_knee', 'right_ankle')) AS angles FROM even;

CREATE VIEW smooth AS
SELECT *, pose_velocity(smooth, t) OVER (PARTITION BY video ORDER BY frame) AS velocities FROM (
    SELECT *, pose_savgol(median, 7, 2, frame) OVER (PARTITION BY video ORDER BY frame) AS smooth FROM (
        SELECT *, pose_median(angles, 3, frame) OVER (PARTITION BY video ORDER BY frame) AS median FROM angles));

SELECT frame, round(degrees(angles[1]), 1) AS knee, round(degrees(median[1]), 1) AS median,
       round(degrees(smooth[1]), 1) AS smooth, round(degrees(velocities[1])) AS degrees_a_second
FROM smooth WHERE video = 's01_squat_01' AND frame BETWEEN 19 AND 28 ORDER BY frame;

CREATE VIEW features AS
SELECT source, video, subject, frame, label, pose_frame(array_concat(smooth, velocities), 4) AS features FROM smooth;

-- A window holds no missing values: they are filled on the line between their neighbours, in runs of up to max_fill
-- frames, else up to the width. What that saves, and what becomes of every frame, is known before anything is cut.
SELECT nulls, sum(frames) AS frames, sum(windows) AS windows, sum(frames_used) AS used,
       sum(frames_in_tails) AS in_tails, sum(frames_refused) AS refused,
       sum(frames - frames_used - frames_in_tails - frames_refused) AS anything_else
FROM (
    SELECT 'refuse' AS nulls, *
    FROM pose_window_stats((SELECT * FROM features), width => 30, stride => 15)
    UNION ALL SELECT 'interpolate 5', *
    FROM pose_window_stats((SELECT * FROM features), width => 30, stride => 15, nulls => 'interpolate', max_fill => 5)
    UNION ALL SELECT 'interpolate', *
    FROM pose_window_stats((SELECT * FROM features), width => 30, stride => 15, nulls => 'interpolate'))
GROUP BY nulls ORDER BY refused DESC;

SELECT window_id, label, frame_end, cardinality(features) AS numbers,
       round(degrees(features[1])) AS first_knee, round(degrees(features[117])) AS last_knee
FROM pose_windows((SELECT * FROM features), width => 30, stride => 15, nulls => 'interpolate')
WHERE frame_start = 15 ORDER BY window_id;
