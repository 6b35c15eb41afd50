-- Scores of evaluators, people and programs are series of their own, and a run pins the rules of each. The summaries of
-- before mixed them and counted scores instead of items, so they are made again from the scores. Processes of an older
-- version cannot write them.
CREATE TYPE "FailurePolicy" AS ENUM ('MISSING', 'WORST', 'REFUSE');

ALTER TABLE score_config ADD failure_policy "FailurePolicy" NOT NULL DEFAULT 'MISSING',
  ADD updated_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE score_config ALTER direction DROP DEFAULT;
UPDATE score_config SET failure_policy = 'WORST' WHERE data_type = 'BOOLEAN';

ALTER TABLE evaluator_version ADD min DOUBLE PRECISION, ADD max DOUBLE PRECISION, ADD categories JSONB,
  ADD failure_policy "FailurePolicy" NOT NULL DEFAULT 'MISSING';
UPDATE evaluator_version SET failure_policy = 'WORST' WHERE data_type = 'BOOLEAN';
UPDATE evaluator_version SET min = 0, max = 1 WHERE definition ->> 'type' = 'levenshtein';

-- The name that the evaluator had when the run started, which its scores have.
ALTER TABLE run_evaluator ADD name TEXT NOT NULL DEFAULT '';
UPDATE run_evaluator r SET name = e.name
FROM evaluator_version v JOIN evaluator e ON e.id = v.evaluator_id WHERE v.id = r.evaluator_version_id;
ALTER TABLE run_evaluator ALTER name DROP DEFAULT;

-- Values that cannot be squared and summed are errors of their evaluators.
UPDATE score SET value = NULL, label = NULL, error = jsonb_build_object(
  'code', 'EVALUATOR_FAILED', 'retryable', false,
  'message', 'Expected a value from -1e100 to 1e100, got ' || value || '.')
WHERE abs(value) > 1e100;

-- Finds the scores of people and programs among those of evaluators.
CREATE INDEX score_run_id_name_given_idx ON score (run_id, name) WHERE source <> 'EVALUATOR';

DROP TABLE run_score_label;
ALTER TABLE run_score_summary RENAME TO old_summary;
ALTER TABLE old_summary RENAME CONSTRAINT run_score_summary_pkey TO old_summary_pkey;

CREATE TABLE run_score_summary (
  run_id UUID NOT NULL,
  name TEXT NOT NULL,
  source "ScoreSource" NOT NULL,
  evaluator_version_id UUID,
  data_type "ScoreDataType" NOT NULL,
  direction "Direction" NOT NULL,
  lowest DOUBLE PRECISION,
  highest DOUBLE PRECISION,
  categories JSONB,
  failure_policy "FailurePolicy" NOT NULL,
  count INTEGER NOT NULL DEFAULT 0,
  error_count INTEGER NOT NULL DEFAULT 0,
  score_count INTEGER NOT NULL DEFAULT 0,
  items INTEGER NOT NULL DEFAULT 0,
  sum DOUBLE PRECISION NOT NULL DEFAULT 0,
  m2 DOUBLE PRECISION NOT NULL DEFAULT 0,
  min DOUBLE PRECISION,
  max DOUBLE PRECISION,
  CONSTRAINT run_score_summary_pkey PRIMARY KEY (run_id, name, source)
);
ALTER TABLE run_score_summary ADD CONSTRAINT run_score_summary_run_id_fkey
  FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE run_score_summary ADD CONSTRAINT run_score_summary_evaluator_version_id_fkey
  FOREIGN KEY (evaluator_version_id) REFERENCES evaluator_version (id) ON DELETE SET NULL ON UPDATE CASCADE;

CREATE TABLE run_score_label (
  run_id UUID NOT NULL,
  name TEXT NOT NULL,
  source "ScoreSource" NOT NULL,
  label TEXT NOT NULL,
  count INTEGER NOT NULL,
  CONSTRAINT run_score_label_pkey PRIMARY KEY (run_id, name, source, label)
);
ALTER TABLE run_score_label ADD CONSTRAINT run_score_label_run_id_fkey
  FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE ON UPDATE CASCADE;

-- What one execution of an item has in each series: the mean of its values.
CREATE TEMPORARY TABLE execution ON COMMIT DROP AS
SELECT s.run_id, s.name, s.source, s.ordinal, s.ordinal / (r.settings ->> 'repetitions')::int AS position,
  count(*) FILTER (WHERE s.error IS NULL) AS scores, avg(s.value) AS value
FROM score s JOIN run r ON r.id = s.run_id WHERE s.ordinal IS NOT NULL
GROUP BY s.run_id, s.name, s.source, s.ordinal, 5;

-- The rules of a series are those of its evaluator, else of its configuration, else those that applied so far. Its type is
-- that of most of its scores.
INSERT INTO run_score_summary (run_id, name, source, evaluator_version_id, data_type, direction, lowest, highest,
  categories, failure_policy, count, error_count, score_count, min, max, items, sum, m2)
SELECT s.run_id, s.name, s.source, v.id, s.data_type, COALESCE(c.direction, v.direction, o.direction, 'HIGHER_IS_BETTER'),
  COALESCE(v.min, c.min), COALESCE(v.max, c.max), c.categories,
  CASE s.data_type WHEN 'BOOLEAN' THEN 'WORST' ELSE 'MISSING' END::"FailurePolicy",
  e.count, e.error_count, e.score_count, e.min, e.max, i.items, i.sum, i.m2
FROM (
  SELECT run_id, name, source, (array_agg(data_type ORDER BY n DESC, data_type))[1] AS data_type,
    (array_agg(evaluator_version_id ORDER BY n DESC))[1] AS evaluator_version_id
  FROM (
    SELECT run_id, name, source, data_type, count(*) FILTER (WHERE error IS NULL) AS n,
      (array_agg(evaluator_version_id))[1] AS evaluator_version_id
    FROM score WHERE ordinal IS NOT NULL GROUP BY run_id, name, source, data_type
  ) typed GROUP BY run_id, name, source
) s
JOIN (
  SELECT run_id, name, source, count(*) FILTER (WHERE scores > 0) AS count,
    count(*) FILTER (WHERE scores = 0) AS error_count, sum(scores) AS score_count, min(value), max(value)
  FROM execution GROUP BY run_id, name, source
) e ON e.run_id = s.run_id AND e.name = s.name AND e.source = s.source
JOIN (
  SELECT run_id, name, source, count(value) AS items, COALESCE(sum(value), 0) AS sum,
    COALESCE(var_pop(value) * count(value), 0) AS m2
  FROM (
    SELECT run_id, name, source, position, avg(CASE WHEN abs(value) < 1e-100 THEN 0 ELSE value END) AS value
    FROM execution GROUP BY run_id, name, source, position
  ) item GROUP BY run_id, name, source
) i ON i.run_id = s.run_id AND i.name = s.name AND i.source = s.source
JOIN run r ON r.id = s.run_id
LEFT JOIN evaluator_version v ON v.id = s.evaluator_version_id
LEFT JOIN score_config c ON c.project_id = r.project_id AND c.name = s.name AND c.data_type = s.data_type
LEFT JOIN old_summary o ON o.run_id = s.run_id AND o.name = s.name;

-- An execution has the label that most of its scores have, none where several are equally frequent.
INSERT INTO run_score_label (run_id, name, source, label, count)
SELECT run_id, name, source, label[1], count(*)
FROM (
  SELECT run_id, name, source, ordinal, array_agg(label ORDER BY n DESC) AS label, array_agg(n ORDER BY n DESC) AS n
  FROM (
    SELECT run_id, name, source, ordinal, label, count(*) AS n FROM score
    WHERE ordinal IS NOT NULL AND label IS NOT NULL AND data_type = 'CATEGORICAL'
    GROUP BY run_id, name, source, ordinal, label
  ) counted GROUP BY run_id, name, source, ordinal
) execution
WHERE n[1] IS DISTINCT FROM n[2] GROUP BY run_id, name, source, label[1];

-- Evaluators that gave nothing.
INSERT INTO run_score_summary (run_id, name, source, evaluator_version_id, data_type, direction, lowest, highest, failure_policy)
SELECT r.run_id, r.name, 'EVALUATOR', v.id, v.data_type, v.direction, v.min, v.max, v.failure_policy
FROM run_evaluator r JOIN evaluator_version v ON v.id = r.evaluator_version_id
ON CONFLICT DO NOTHING;

DROP TABLE old_summary;
DROP FUNCTION forget_extremes();
