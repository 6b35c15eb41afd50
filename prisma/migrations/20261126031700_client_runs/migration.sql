-- Runs whose task is executed by clients. A client holds a lane until `expires_at`, unless it renews it; the lanes of
-- workers have none, because the jobs that deliver them expire instead.
ALTER TABLE run_lane ADD expires_at TIMESTAMPTZ(3);
CREATE INDEX run_lane_expires_at_idx ON run_lane (expires_at) WHERE expires_at IS NOT NULL;

-- The response that a client recorded, with its scores, while the evaluators of the server have yet to score it.
ALTER TABLE run_item ADD recorded JSONB;

-- Datasets can have experiments of the same name.
CREATE UNIQUE INDEX experiment_dataset_id_name_key ON experiment (dataset_id, name);
DROP INDEX experiment_project_id_name_key;
CREATE INDEX experiment_project_id_name_idx ON experiment (project_id, name);
