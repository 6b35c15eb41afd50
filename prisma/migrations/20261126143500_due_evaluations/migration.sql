-- Evaluations that wait, soonest first: a run may have as many as it has items.
CREATE INDEX open_evaluation_due_idx ON open_evaluation (run_id, available_at, ordinal, id) WHERE lease IS NULL;
