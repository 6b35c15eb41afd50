CREATE TYPE "Role" AS ENUM ('READ', 'WRITE', 'ADMIN');

CREATE TYPE "RunStatus" AS ENUM ('QUEUED', 'RUNNING', 'COMPLETED', 'CANCELLED', 'STOPPED');

CREATE TYPE "StopReason" AS ENUM ('BUDGET', 'FAILURE_RATE', 'EARLY_DECISION');

CREATE TYPE "RunItemStatus" AS ENUM ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED');

CREATE TYPE "ScoreDataType" AS ENUM ('NUMERIC', 'BOOLEAN', 'CATEGORICAL', 'TEXT');

CREATE TYPE "ScoreSource" AS ENUM ('EVALUATOR', 'HUMAN', 'API');

CREATE TYPE "Direction" AS ENUM ('HIGHER_IS_BETTER', 'LOWER_IS_BETTER', 'NONE');

CREATE TABLE project (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  name TEXT NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT project_pkey PRIMARY KEY (id)
);

CREATE TABLE api_key (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  project_id UUID NOT NULL,
  name TEXT NOT NULL,
  role "Role" NOT NULL,
  prefix TEXT NOT NULL,
  sha256 BYTEA NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  last_used_at TIMESTAMPTZ(3),
  revoked_at TIMESTAMPTZ(3),
  CONSTRAINT api_key_pkey PRIMARY KEY (id)
);

CREATE TABLE dataset (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  project_id UUID NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  metadata JSONB,
  input_schema JSONB,
  expected_output_schema JSONB,
  version INTEGER NOT NULL DEFAULT 0,
  item_count INTEGER NOT NULL DEFAULT 0,
  seed TEXT NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT dataset_pkey PRIMARY KEY (id)
);

CREATE TABLE dataset_version (
  dataset_id UUID NOT NULL,
  version INTEGER NOT NULL,
  added INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  archived INTEGER NOT NULL,
  item_count INTEGER NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT dataset_version_pkey PRIMARY KEY (dataset_id, version)
);

CREATE TABLE dataset_item (
  id BIGSERIAL NOT NULL,
  dataset_id UUID NOT NULL,
  key TEXT,
  identity TEXT NOT NULL,
  occurrence INTEGER NOT NULL DEFAULT 0,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT dataset_item_pkey PRIMARY KEY (id)
);

CREATE TABLE dataset_item_revision (
  id BIGSERIAL NOT NULL,
  item_id BIGINT NOT NULL,
  dataset_id UUID NOT NULL,
  valid_from INTEGER NOT NULL,
  valid_to INTEGER,
  input JSONB NOT NULL,
  expected_output JSONB,
  metadata JSONB,
  tags TEXT[],
  digest BYTEA NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT dataset_item_revision_pkey PRIMARY KEY (id)
);

CREATE TABLE experiment (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  project_id UUID NOT NULL,
  dataset_id UUID NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  metadata JSONB,
  task JSONB NOT NULL,
  settings JSONB NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT experiment_pkey PRIMARY KEY (id)
);

CREATE TABLE experiment_evaluator (
  experiment_id UUID NOT NULL,
  evaluator_id UUID NOT NULL,
  CONSTRAINT experiment_evaluator_pkey PRIMARY KEY (experiment_id, evaluator_id)
);

CREATE TABLE evaluator (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  project_id UUID NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  active BOOLEAN NOT NULL DEFAULT true,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at TIMESTAMPTZ(3),
  CONSTRAINT evaluator_pkey PRIMARY KEY (id)
);

CREATE TABLE evaluator_version (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  evaluator_id UUID NOT NULL,
  version INTEGER NOT NULL,
  definition JSONB NOT NULL,
  data_type "ScoreDataType" NOT NULL,
  direction "Direction" NOT NULL,
  sampling DOUBLE PRECISION NOT NULL DEFAULT 1,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT evaluator_version_pkey PRIMARY KEY (id)
);

CREATE TABLE evaluator_dataset (
  evaluator_id UUID NOT NULL,
  dataset_id UUID NOT NULL,
  CONSTRAINT evaluator_dataset_pkey PRIMARY KEY (evaluator_id, dataset_id)
);

CREATE TABLE score_config (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  project_id UUID NOT NULL,
  name TEXT NOT NULL,
  data_type "ScoreDataType" NOT NULL,
  direction "Direction" NOT NULL DEFAULT 'HIGHER_IS_BETTER',
  min DOUBLE PRECISION,
  max DOUBLE PRECISION,
  categories JSONB,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT score_config_pkey PRIMARY KEY (id)
);

CREATE TABLE run (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  project_id UUID NOT NULL,
  experiment_id UUID NOT NULL,
  dataset_id UUID NOT NULL,
  dataset_version INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  metadata JSONB,
  status "RunStatus" NOT NULL DEFAULT 'QUEUED',
  stop_reason "StopReason",
  priority INTEGER NOT NULL DEFAULT 0,
  seed TEXT NOT NULL,
  idempotency_key TEXT,
  idempotency_digest BYTEA,
  task JSONB NOT NULL,
  settings JSONB NOT NULL,
  seq INTEGER NOT NULL DEFAULT 0,
  next_ordinal INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL,
  queued INTEGER NOT NULL,
  running INTEGER NOT NULL DEFAULT 0,
  succeeded INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  cancelled INTEGER NOT NULL DEFAULT 0,
  latency_sum DOUBLE PRECISION NOT NULL DEFAULT 0,
  latency_min DOUBLE PRECISION,
  latency_max DOUBLE PRECISION,
  cost_sum DOUBLE PRECISION NOT NULL DEFAULT 0,
  cost_count INTEGER NOT NULL DEFAULT 0,
  cost_max DOUBLE PRECISION,
  evaluator_cost_sum DOUBLE PRECISION NOT NULL DEFAULT 0,
  evaluator_cost_count INTEGER NOT NULL DEFAULT 0,
  input_tokens BIGINT,
  output_tokens BIGINT,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  started_at TIMESTAMPTZ(3),
  finished_at TIMESTAMPTZ(3),
  CONSTRAINT run_pkey PRIMARY KEY (id)
);

CREATE TABLE run_evaluator (
  run_id UUID NOT NULL,
  evaluator_version_id UUID NOT NULL,
  CONSTRAINT run_evaluator_pkey PRIMARY KEY (run_id, evaluator_version_id)
);

CREATE TABLE run_lane (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  run_id UUID NOT NULL,
  slots INTEGER NOT NULL,
  lease BIGINT,
  CONSTRAINT run_lane_pkey PRIMARY KEY (id)
);

CREATE TABLE run_item (
  run_id UUID NOT NULL,
  ordinal INTEGER NOT NULL,
  item_id BIGINT NOT NULL,
  position INTEGER NOT NULL,
  repetition INTEGER NOT NULL,
  status "RunItemStatus" NOT NULL DEFAULT 'QUEUED',
  output JSONB,
  error JSONB,
  attempts INTEGER NOT NULL DEFAULT 0,
  latency_ms DOUBLE PRECISION,
  input_tokens INTEGER,
  output_tokens INTEGER,
  cost_usd DOUBLE PRECISION,
  evaluator_cost_usd DOUBLE PRECISION,
  cached BOOLEAN NOT NULL DEFAULT false,
  trace_id TEXT,
  lease BIGINT,
  available_at TIMESTAMPTZ(3),
  seq INTEGER NOT NULL DEFAULT 0,
  started_at TIMESTAMPTZ(3),
  finished_at TIMESTAMPTZ(3),
  CONSTRAINT run_item_pkey PRIMARY KEY (run_id, ordinal)
);

CREATE TABLE score (
  id BIGSERIAL NOT NULL,
  run_id UUID NOT NULL,
  ordinal INTEGER,
  name TEXT NOT NULL,
  data_type "ScoreDataType" NOT NULL,
  value DOUBLE PRECISION,
  label TEXT,
  comment TEXT,
  metadata JSONB,
  source "ScoreSource" NOT NULL,
  evaluator_version_id UUID,
  author TEXT,
  error JSONB,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT score_pkey PRIMARY KEY (id)
);

CREATE TABLE run_score_summary (
  run_id UUID NOT NULL,
  name TEXT NOT NULL,
  data_type "ScoreDataType" NOT NULL,
  direction "Direction" NOT NULL,
  count INTEGER NOT NULL DEFAULT 0,
  error_count INTEGER NOT NULL DEFAULT 0,
  sum DOUBLE PRECISION NOT NULL DEFAULT 0,
  m2 DOUBLE PRECISION NOT NULL DEFAULT 0,
  items INTEGER NOT NULL DEFAULT 0,
  sum_nn DOUBLE PRECISION NOT NULL DEFAULT 0,
  sum_ss DOUBLE PRECISION NOT NULL DEFAULT 0,
  sum_ns DOUBLE PRECISION NOT NULL DEFAULT 0,
  CONSTRAINT run_score_summary_pkey PRIMARY KEY (run_id, name)
);

CREATE TABLE run_score_label (
  run_id UUID NOT NULL,
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  count INTEGER NOT NULL,
  CONSTRAINT run_score_label_pkey PRIMARY KEY (run_id, name, label)
);

CREATE TABLE run_latency_bucket (
  run_id UUID NOT NULL,
  bucket INTEGER NOT NULL,
  count INTEGER NOT NULL,
  CONSTRAINT run_latency_bucket_pkey PRIMARY KEY (run_id, bucket)
);

CREATE TABLE cached_response (
  project_id UUID NOT NULL,
  key BYTEA NOT NULL,
  output JSONB,
  latency_ms DOUBLE PRECISION NOT NULL,
  cost_usd DOUBLE PRECISION,
  input_tokens INTEGER,
  output_tokens INTEGER,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT cached_response_pkey PRIMARY KEY (project_id, key)
);

CREATE UNIQUE INDEX project_name_key ON project (name);
CREATE UNIQUE INDEX api_key_sha256_key ON api_key (sha256);
CREATE INDEX api_key_project_id_idx ON api_key (project_id);
CREATE UNIQUE INDEX dataset_project_id_name_key ON dataset (project_id, name);
CREATE UNIQUE INDEX dataset_item_dataset_id_identity_occurrence_key ON dataset_item (dataset_id, identity, occurrence);
CREATE UNIQUE INDEX dataset_item_revision_item_id_valid_from_key ON dataset_item_revision (item_id, valid_from);
CREATE INDEX dataset_item_revision_dataset_id_item_id_idx ON dataset_item_revision (dataset_id, item_id);
CREATE UNIQUE INDEX experiment_project_id_name_key ON experiment (project_id, name);
CREATE INDEX experiment_dataset_id_idx ON experiment (dataset_id);
CREATE INDEX experiment_evaluator_evaluator_id_idx ON experiment_evaluator (evaluator_id);
CREATE INDEX evaluator_project_id_idx ON evaluator (project_id);
CREATE UNIQUE INDEX evaluator_version_evaluator_id_version_key ON evaluator_version (evaluator_id, version);
CREATE INDEX evaluator_dataset_dataset_id_idx ON evaluator_dataset (dataset_id);
CREATE UNIQUE INDEX score_config_project_id_name_key ON score_config (project_id, name);
CREATE UNIQUE INDEX run_project_id_idempotency_key_key ON run (project_id, idempotency_key);
CREATE INDEX run_project_id_created_at_id_idx ON run (project_id, created_at, id);
CREATE INDEX run_dataset_id_created_at_id_idx ON run (dataset_id, created_at, id);
CREATE INDEX run_experiment_id_created_at_id_idx ON run (experiment_id, created_at, id);
CREATE INDEX run_evaluator_evaluator_version_id_idx ON run_evaluator (evaluator_version_id);
CREATE INDEX run_lane_run_id_idx ON run_lane (run_id);
CREATE INDEX run_item_run_id_seq_idx ON run_item (run_id, seq);
CREATE INDEX run_item_item_id_run_id_idx ON run_item (item_id, run_id);
CREATE UNIQUE INDEX score_run_id_ordinal_name_evaluator_version_id_key ON score (run_id, ordinal, name, evaluator_version_id);

ALTER TABLE api_key ADD CONSTRAINT api_key_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE dataset ADD CONSTRAINT dataset_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE dataset_version ADD CONSTRAINT dataset_version_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES dataset (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE dataset_item ADD CONSTRAINT dataset_item_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES dataset (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE dataset_item_revision ADD CONSTRAINT dataset_item_revision_item_id_fkey FOREIGN KEY (item_id) REFERENCES dataset_item (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE dataset_item_revision ADD CONSTRAINT dataset_item_revision_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES dataset (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE experiment ADD CONSTRAINT experiment_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE experiment ADD CONSTRAINT experiment_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES dataset (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE experiment_evaluator ADD CONSTRAINT experiment_evaluator_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES experiment (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE experiment_evaluator ADD CONSTRAINT experiment_evaluator_evaluator_id_fkey FOREIGN KEY (evaluator_id) REFERENCES evaluator (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE evaluator ADD CONSTRAINT evaluator_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE evaluator_version ADD CONSTRAINT evaluator_version_evaluator_id_fkey FOREIGN KEY (evaluator_id) REFERENCES evaluator (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE evaluator_dataset ADD CONSTRAINT evaluator_dataset_evaluator_id_fkey FOREIGN KEY (evaluator_id) REFERENCES evaluator (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE evaluator_dataset ADD CONSTRAINT evaluator_dataset_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES dataset (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE score_config ADD CONSTRAINT score_config_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE run ADD CONSTRAINT run_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE run ADD CONSTRAINT run_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES experiment (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE run ADD CONSTRAINT run_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES dataset (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE run_evaluator ADD CONSTRAINT run_evaluator_run_id_fkey FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE run_evaluator ADD CONSTRAINT run_evaluator_evaluator_version_id_fkey FOREIGN KEY (evaluator_version_id) REFERENCES evaluator_version (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE run_lane ADD CONSTRAINT run_lane_run_id_fkey FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE run_item ADD CONSTRAINT run_item_run_id_fkey FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE run_item ADD CONSTRAINT run_item_item_id_fkey FOREIGN KEY (item_id) REFERENCES dataset_item (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE score ADD CONSTRAINT score_run_id_fkey FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE score ADD CONSTRAINT score_run_id_ordinal_fkey FOREIGN KEY (run_id, ordinal) REFERENCES run_item (run_id, ordinal) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE score ADD CONSTRAINT score_evaluator_version_id_fkey FOREIGN KEY (evaluator_version_id) REFERENCES evaluator_version (id) ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE run_score_summary ADD CONSTRAINT run_score_summary_run_id_fkey FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE run_score_label ADD CONSTRAINT run_score_label_run_id_fkey FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE run_latency_bucket ADD CONSTRAINT run_latency_bucket_run_id_fkey FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE cached_response ADD CONSTRAINT cached_response_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema language cannot say.

-- Room for the updates of a running run to stay on their page.
ALTER TABLE run_item SET (fillfactor = 70);
ALTER TABLE run SET (fillfactor = 50);

CREATE SEQUENCE lease_seq;

CREATE UNIQUE INDEX evaluator_name_live_key ON evaluator (project_id, name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX dataset_item_revision_current_key ON dataset_item_revision (item_id) WHERE valid_to IS NULL;
-- Items that wait for another attempt, soonest first.
CREATE INDEX run_item_retry_idx ON run_item (run_id, available_at) WHERE available_at IS NOT NULL;

INSERT INTO project (name) VALUES ('default');
