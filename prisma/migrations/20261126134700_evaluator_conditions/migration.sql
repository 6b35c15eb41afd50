-- An evaluator may score only what has passed another one: src/domain/score-condition.ts; null: everything.
ALTER TABLE evaluator_version ADD COLUMN only_if jsonb;
