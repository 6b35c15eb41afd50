-- Scoring is a step of its own: an evaluation that was not made together with its item's result is a row here until it
-- is, claimed by lanes like an item. Processes of before would complete runs that have some.
CREATE TABLE open_evaluation (
  id                   BIGSERIAL NOT NULL,
  run_id               UUID NOT NULL,
  ordinal              INTEGER,
  evaluator_version_id UUID NOT NULL,
  attempts             INTEGER NOT NULL DEFAULT 0,
  excused              INTEGER NOT NULL DEFAULT 0,
  lease                BIGINT,
  available_at         TIMESTAMPTZ(3),
  CONSTRAINT open_evaluation_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX open_evaluation_run_id_ordinal_evaluator_version_id_key
  ON open_evaluation (run_id, ordinal, evaluator_version_id) NULLS NOT DISTINCT;
CREATE INDEX open_evaluation_evaluator_version_id_idx ON open_evaluation (evaluator_version_id);
ALTER TABLE open_evaluation ADD CONSTRAINT open_evaluation_run_id_fkey
  FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE open_evaluation ADD CONSTRAINT open_evaluation_evaluator_version_id_fkey
  FOREIGN KEY (evaluator_version_id) REFERENCES evaluator_version (id) ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE run
  ADD evaluations_queued  INTEGER NOT NULL DEFAULT 0,
  ADD evaluations_running INTEGER NOT NULL DEFAULT 0;

-- The time limit of one call of an evaluator, and its calls per item: its own, and as a run pinned them.
ALTER TABLE evaluator
  ADD timeout_ms   INTEGER NOT NULL DEFAULT 60000,
  ADD max_attempts INTEGER NOT NULL DEFAULT 3;
ALTER TABLE run_evaluator
  ADD timeout_ms   INTEGER NOT NULL DEFAULT 60000,
  ADD max_attempts INTEGER NOT NULL DEFAULT 3;
