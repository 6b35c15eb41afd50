-- What a project may have at most, and for those with a limit of storage how much their runs and datasets take. Sizes are
-- measured in the background when something has changed, so that recording a result costs nothing more.
CREATE TABLE project_quota (
  project_id UUID NOT NULL,
  run_items INTEGER,
  storage_mb INTEGER,
  concurrent_calls INTEGER,
  subscriptions INTEGER,
  updated_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  CONSTRAINT project_quota_pkey PRIMARY KEY (project_id),
  CONSTRAINT project_quota_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id)
    ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE run_size (
  run_id UUID NOT NULL,
  seq INTEGER NOT NULL,
  bytes BIGINT NOT NULL,
  measured_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  CONSTRAINT run_size_pkey PRIMARY KEY (run_id),
  CONSTRAINT run_size_run_id_fkey FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE dataset_size (
  dataset_id UUID NOT NULL,
  version INTEGER NOT NULL,
  bytes BIGINT NOT NULL,
  measured_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  CONSTRAINT dataset_size_pkey PRIMARY KEY (dataset_id),
  CONSTRAINT dataset_size_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES dataset (id)
    ON DELETE CASCADE ON UPDATE CASCADE
);
