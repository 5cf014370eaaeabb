-- The watch set by subject, five folds of two: every person is tested once, by nets that never saw them.
--
--   posequel run pipelines/watch_folds.toml

CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION 'tests/data/watch.parquet';

-- 50 frames a second become 6.25; left arms are mirrored, so that both arms make the same movement.
CREATE VIEW slow AS
SELECT source, video, subject, frame / 8 AS frame, label,
       avg(mirrored * ax) AS ax, avg(ay) AS ay, avg(az) AS az,
       avg(wx) AS wx, avg(mirrored * wy) AS wy, avg(mirrored * wz) AS wz
FROM (SELECT *, CASE side WHEN 'L' THEN -1 ELSE 1 END AS mirrored FROM watch)
GROUP BY source, video, subject, frame / 8, label;

-- Nobody wears a watch quite as another does: three more recordings of each, turned about the three axes by angles within
-- 20 degrees (multiples of three irrational numbers, which fill the range evenly).
CREATE VIEW angles AS
SELECT *,
       radians(40 * ((n * 0.8191725134) % 1) - 20) AS a,
       radians(40 * ((n * 0.6710436067) % 1) - 20) AS b,
       radians(40 * ((n * 0.5497004779) % 1) - 20) AS c
FROM (SELECT slow.*, copy, substr(video, 7)::INT + 140 * copy AS n
      FROM slow CROSS JOIN (VALUES (1), (2), (3)) AS copies(copy));

CREATE VIEW turned_x AS
SELECT * EXCEPT (ay, az, wy, wz),
       cos(a) * ay - sin(a) * az AS ay, sin(a) * ay + cos(a) * az AS az,
       cos(a) * wy - sin(a) * wz AS wy, sin(a) * wy + cos(a) * wz AS wz FROM angles;
CREATE VIEW turned_y AS
SELECT * EXCEPT (ax, az, wx, wz),
       cos(b) * ax + sin(b) * az AS ax, cos(b) * az - sin(b) * ax AS az,
       cos(b) * wx + sin(b) * wz AS wx, cos(b) * wz - sin(b) * wx AS wz FROM turned_x;
CREATE VIEW turned AS
SELECT * EXCEPT (ax, ay, wx, wy),
       cos(c) * ax - sin(c) * ay AS ax, sin(c) * ax + cos(c) * ay AS ay,
       cos(c) * wx - sin(c) * wy AS wx, sin(c) * wx + cos(c) * wy AS wy FROM turned_y;

CREATE TABLE windows AS
SELECT *, (substr(subject, 2)::INT - 1) / 2 AS fold, video LIKE '%~%' AS turned
FROM pose_windows((
  SELECT source, video, subject, frame, label, ax::FLOAT AS ax, ay::FLOAT AS ay, az::FLOAT AS az,
         wx::FLOAT AS wx, wy::FLOAT AS wy, wz::FLOAT AS wz
  FROM (SELECT source, video, subject, frame, label, ax, ay, az, wx, wy, wz FROM slow
        UNION ALL
        SELECT source, video || '~' || copy, subject, frame, label, ax, ay, az, wx, wy, wz FROM turned)),
  width => 25, stride => 12);
