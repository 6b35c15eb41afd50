-- The few runs that are not over, which start pages count.
CREATE INDEX run_active_idx ON run (project_id, status) WHERE status IN ('QUEUED', 'RUNNING');
