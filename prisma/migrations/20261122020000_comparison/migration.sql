-- The run that new runs of a dataset are compared with, who approved it and when.
ALTER TABLE dataset ADD COLUMN baseline_run_id UUID;
ALTER TABLE dataset ADD COLUMN baseline_author TEXT;
ALTER TABLE dataset ADD COLUMN baseline_approved_at TIMESTAMPTZ(3);
CREATE UNIQUE INDEX dataset_baseline_run_id_key ON dataset (baseline_run_id);
ALTER TABLE dataset ADD CONSTRAINT dataset_baseline_run_id_fkey FOREIGN KEY (baseline_run_id) REFERENCES run (id) ON DELETE SET NULL ON UPDATE CASCADE;

-- What its runs must fulfil.
ALTER TABLE experiment ADD COLUMN gate JSONB;

-- The comparison that may end a run early.
ALTER TABLE run ADD COLUMN early_stop JSONB;

-- What Prisma's schema language cannot say.

-- The few running runs that are watched for an early decision.
CREATE INDEX run_early_stop_idx ON run (id) WHERE early_stop IS NOT NULL AND status IN ('QUEUED', 'RUNNING');
