-- What a run was started with, and by whom.
ALTER TABLE run ADD subset JSONB, ADD started_by_id UUID;
ALTER TABLE run ADD CONSTRAINT run_started_by_id_fkey FOREIGN KEY (started_by_id) REFERENCES person (id) ON DELETE SET NULL ON UPDATE CASCADE;

-- An experiment names all evaluators of its runs, or none. Until now runs were scored by those that it named and by the
-- active ones: where it names only active ones, it need not name any, and elsewhere the active ones are named too.
ALTER TABLE experiment ADD evaluators_named BOOLEAN NOT NULL DEFAULT false;

CREATE TEMP TABLE applied ON COMMIT DROP AS
SELECT e.id AS experiment_id, v.id AS evaluator_id
FROM experiment e JOIN evaluator v ON v.project_id = e.project_id AND v.deleted_at IS NULL AND v.active
WHERE EXISTS (SELECT FROM experiment_evaluator x WHERE x.experiment_id = e.id) AND (
  NOT EXISTS (SELECT FROM evaluator_dataset x WHERE x.evaluator_id = v.id)
  OR EXISTS (SELECT FROM evaluator_dataset x WHERE x.evaluator_id = v.id AND x.dataset_id = e.dataset_id));

UPDATE experiment e SET evaluators_named = true
WHERE EXISTS (
  SELECT FROM experiment_evaluator x JOIN evaluator v ON v.id = x.evaluator_id AND v.deleted_at IS NULL
  WHERE x.experiment_id = e.id
    AND NOT EXISTS (SELECT FROM applied a WHERE a.experiment_id = e.id AND a.evaluator_id = v.id));
DELETE FROM experiment_evaluator x USING experiment e WHERE e.id = x.experiment_id AND NOT e.evaluators_named;
INSERT INTO experiment_evaluator (experiment_id, evaluator_id)
SELECT a.experiment_id, a.evaluator_id FROM applied a JOIN experiment e ON e.id = a.experiment_id AND e.evaluators_named
ON CONFLICT DO NOTHING;
