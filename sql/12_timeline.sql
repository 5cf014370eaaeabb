-- Lesson 12: what happened when.
--
--   posequel sql -f sql/12_timeline.sql
--
-- A new recording comes without labels and without windows. pose_timeline cuts windows as those that the model was
-- trained on, asks the model about each, and tells what was done from when to when.

CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION 'tests/data/watch.parquet';

-- Raw frames, 50 a second, t in seconds. Left arms are mirrored.
CREATE VIEW frames AS
SELECT source, video, subject, frame, t, label, m * ax AS ax, ay, az, wx, m * wy AS wy, m * wz AS wz
FROM (SELECT *, CASE side WHEN 'L' THEN -1.0 ELSE 1.0 END AS m FROM watch);

-- Windows of 2 seconds at 10 frames a second, of eight people; s05 and s10 are never seen. The model remembers how its
-- windows were made.
CREATE VIEW dataset AS
SELECT * FROM pose_split((
    SELECT * FROM pose_windows((SELECT * FROM frames WHERE subject NOT IN ('s05', 's10')),
        width => INTERVAL '2 seconds', stride => INTERVAL '1 second', hz => 10)),
    by => 'subject', train => 0.8, validation => 0.2, test => 0, seed => 7);

COPY (SELECT * FROM dataset) TO 'timeline' STORED AS GRU
OPTIONS ('units' '32', 'epochs' '12', 'learning_rate' '0.005', 'monitor' 'val_accuracy', 'seed' '7');

-- A recording of the watch set is one exercise, so there would be nothing to find. Each of the two strangers gets one
-- long recording instead: all of theirs, one behind the other.
CREATE VIEW starts AS
SELECT video, sum(frames) OVER (PARTITION BY subject ORDER BY video) - frames AS start FROM (
    SELECT subject, video, count(*) AS frames FROM frames WHERE subject IN ('s05', 's10') GROUP BY subject, video);

CREATE TABLE long AS
SELECT subject AS video, frame + start AS frame, (frame + start) / 50.0 AS t, label, ax, ay, az, wx, wy, wz
FROM frames JOIN starts ON frames.video = starts.video;

SELECT video, count(*) AS frames, round(max(t)) AS seconds, count(DISTINCT label) AS exercises
FROM long GROUP BY video ORDER BY video;

-- What was done in the first minutes, and when? A label that the frames have is not looked at. Seconds are those of t; an
-- interval has ended at seconds_end. Frames are counted as the model sees them, 10 a second.
SELECT seconds_start, seconds_end, frames, label, round(confidence, 3) AS confidence
FROM pose_timeline('timeline', (SELECT * FROM long WHERE video = 's05'))
WHERE seconds_start < 200 ORDER BY seconds_start;

-- Nobody does an exercise for a second. What is shorter than min_length, 5 seconds, goes to the neighbour
-- that explains it better. What is less sure than min_confidence gets no label, and no interval unless it is asked for.
CREATE TABLE told AS
SELECT '1 as it comes' AS way, * FROM pose_timeline('timeline', (SELECT * FROM long))
UNION ALL
SELECT '2 min_length', * FROM pose_timeline('timeline', (SELECT * FROM long), min_length => INTERVAL '5 seconds')
UNION ALL
SELECT '3 min_confidence', * FROM pose_timeline('timeline', (SELECT * FROM long), min_length => INTERVAL '5 seconds',
    min_confidence => 0.8, unlabelled => true);

SELECT way, seconds_start, seconds_end, label, round(confidence, 3) AS confidence FROM told
WHERE video = 's05' AND seconds_start < 200 AND way <> '1 as it comes' ORDER BY way, seconds_start;

-- What was it really? Beside each exercise the intervals that share more than 2 seconds with it: two were cut short.
SELECT true_start, true_end, true_label, seconds_start, seconds_end, label FROM (
    SELECT frame_start / 50.0 AS true_start, frame_end / 50.0 AS true_end, label AS true_label
    FROM pose_segments((SELECT * FROM long WHERE video = 's05')))
LEFT JOIN (SELECT * FROM told WHERE video = 's05' AND way = '2 min_length') AS t
    ON least(seconds_end, true_end) - greatest(seconds_start, true_start) > 2
ORDER BY true_start, seconds_start;

-- How good is that? Each frame gets the label of its interval, at the rate of the model.
CREATE TABLE judged AS
SELECT ways.way, f.video, f.frame, f.label, told.label AS predicted
FROM pose_resample((SELECT * FROM long), hz => 10) AS f CROSS JOIN (SELECT DISTINCT way FROM told) AS ways
LEFT JOIN told ON told.way = ways.way AND told.video = f.video AND f.t >= seconds_start AND f.t < seconds_end;

-- Frame by frame the three hardly differ.
SELECT way, metric, round(value, 3) AS value
FROM pose_metrics((SELECT * FROM judged), by => 'way') WHERE metric IN ('accuracy', 'coverage') ORDER BY way, metric;

-- But intervals are read as events: is each found once (segment F1, by the overlap asked for), are they in the right
-- order (edit score), and how late do they start and end? Fragments cost much, and so does what is left out.
SELECT metric, unit, better,
       round(sum(value) FILTER (WHERE way = 1), 3) AS as_it_comes,
       round(sum(value) FILTER (WHERE way = 2), 3) AS min_length,
       round(sum(value) FILTER (WHERE way = 3), 3) AS min_confidence
FROM (
    SELECT 1 AS way, * FROM pose_event_metrics((SELECT * FROM judged WHERE way = '1 as it comes'), hz => 10)
    UNION ALL SELECT 2, * FROM pose_event_metrics((SELECT * FROM judged WHERE way = '2 min_length'), hz => 10)
    UNION ALL SELECT 3, * FROM pose_event_metrics((SELECT * FROM judged WHERE way = '3 min_confidence'), hz => 10))
WHERE unit <> 'frames' GROUP BY metric, unit, better ORDER BY metric;
