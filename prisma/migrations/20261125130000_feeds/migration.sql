-- Which life of the database a feed's cursor is from. A dump carries the value along, and cannot carry along the
-- transaction that wrote the row.
CREATE TABLE feed_epoch (
  id INTEGER NOT NULL DEFAULT 1 CHECK (id = 1),
  value UUID NOT NULL DEFAULT gen_random_uuid(),
  CONSTRAINT feed_epoch_pkey PRIMARY KEY (id)
);
INSERT INTO feed_epoch DEFAULT VALUES;

-- Runs that were created, ended, changed after their end or deleted, append-only. No foreign keys: it
-- outlives what it is about. A reader's place is the snapshot that it read in, hence the transaction's id.
CREATE TABLE run_event (
  id BIGSERIAL NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  project_id UUID NOT NULL,
  dataset_id UUID NOT NULL,
  run_id UUID NOT NULL,
  CONSTRAINT run_event_pkey PRIMARY KEY (id)
);
CREATE INDEX run_event_project_id_xid_idx ON run_event (project_id, xid);

-- A trigger sees what foreign keys delete, and what processes of an older version do.
CREATE FUNCTION record_run_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  run run := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  INSERT INTO run_event (project_id, dataset_id, run_id) VALUES (run.project_id, run.dataset_id, run.id);
  IF TG_OP = 'DELETE' THEN PERFORM pg_notify('assay_run', run.id || ':' || run.seq); END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER run_created_or_deleted AFTER INSERT OR DELETE ON run FOR EACH ROW EXECUTE FUNCTION record_run_event();
CREATE TRIGGER run_ended_or_changed_afterwards AFTER UPDATE ON run FOR EACH ROW
  WHEN (OLD.status NOT IN ('QUEUED', 'RUNNING') OR NEW.status NOT IN ('QUEUED', 'RUNNING'))
  EXECUTE FUNCTION record_run_event();
