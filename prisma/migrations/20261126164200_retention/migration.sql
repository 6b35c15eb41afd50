-- What a project keeps; null: everything. Per experiment its newest finished runs, and for how long outputs.
ALTER TABLE project ADD keep_runs INTEGER;
ALTER TABLE project ADD keep_output_days INTEGER;
ALTER TABLE project ADD CONSTRAINT project_keeps_some CHECK (keep_runs > 0 AND keep_output_days > 0);

-- When the removal of a run's outputs began, and the ordinal before which they are removed.
ALTER TABLE run ADD outputs_removed_at TIMESTAMPTZ(3);
ALTER TABLE run ADD outputs_removed_to INTEGER NOT NULL DEFAULT 0;
