-- Judges call models: a run keeps the project's prices of theirs, as it keeps those of its task.
ALTER TABLE run_evaluator ADD COLUMN prices jsonb;
