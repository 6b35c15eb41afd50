-- Outputs of finished runs can be scored again, while the status of the run stays: `rescoring` says how far that is
-- (src/domain/rescoring.ts).
ALTER TABLE run ADD rescoring JSONB;

-- What evaluators gave before a newer version of them, or another evaluator of the name, scored the run again: the series
-- of a run has the scores of one version, and these are what it had before.
CREATE TABLE former_score (
  id                   BIGINT NOT NULL,
  run_id               UUID NOT NULL,
  ordinal              INTEGER,
  name                 TEXT NOT NULL,
  data_type            "ScoreDataType" NOT NULL,
  value                DOUBLE PRECISION,
  label                TEXT,
  comment              TEXT,
  metadata             JSONB,
  cost_usd             DOUBLE PRECISION,
  evaluator_version_id UUID,
  error                JSONB,
  created_at           TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT former_score_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX former_score_run_id_ordinal_name_evaluator_version_id_key
  ON former_score (run_id, ordinal, name, evaluator_version_id) NULLS NOT DISTINCT;

-- The evaluators that scored a run before, and what their scores were called.
CREATE TABLE former_evaluator (
  run_id               UUID NOT NULL,
  evaluator_version_id UUID NOT NULL,
  name                 TEXT NOT NULL,
  CONSTRAINT former_evaluator_pkey PRIMARY KEY (run_id, evaluator_version_id)
);
CREATE INDEX former_evaluator_evaluator_version_id_idx ON former_evaluator (evaluator_version_id);
ALTER TABLE former_evaluator ADD CONSTRAINT former_evaluator_run_id_fkey
  FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE former_evaluator ADD CONSTRAINT former_evaluator_evaluator_version_id_fkey
  FOREIGN KEY (evaluator_version_id) REFERENCES evaluator_version (id) ON DELETE CASCADE ON UPDATE CASCADE;
