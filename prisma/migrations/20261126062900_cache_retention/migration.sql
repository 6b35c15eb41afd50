-- Cached responses can be cleared by task, and expire by age and size. Those from before have no task, and count their
-- stored size.
ALTER TABLE cached_response ADD COLUMN task BYTEA, ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE cached_response SET bytes = COALESCE(octet_length(output::text), 4);
CREATE INDEX cached_response_project_id_task_idx ON cached_response (project_id, task);
CREATE INDEX cached_response_created_at_idx ON cached_response (created_at);
