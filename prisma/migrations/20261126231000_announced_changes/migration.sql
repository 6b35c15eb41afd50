-- What a server has just read about a caller and about finished runs counts for a moment, as long as it hears of no change.
-- So the database announces every change itself, whoever makes it: once per transaction, however many rows it writes.

-- A change of a run after its end, or by its end. While it executes, its own statements announce what they write.
CREATE OR REPLACE FUNCTION record_run_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  run run := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  INSERT INTO run_event (project_id, dataset_id, run_id) VALUES (run.project_id, run.dataset_id, run.id);
  IF TG_OP <> 'INSERT' THEN PERFORM pg_notify('assay_run', run.id || ':' || run.seq); END IF;
  RETURN NULL;
END
$$;

CREATE FUNCTION announce_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify(TG_ARGV[0], '');
  RETURN NULL;
END
$$;
CREATE TRIGGER dataset_changed AFTER UPDATE ON dataset
  FOR EACH STATEMENT EXECUTE FUNCTION announce_change('assay_dataset');
CREATE TRIGGER experiment_changed AFTER UPDATE ON experiment
  FOR EACH STATEMENT EXECUTE FUNCTION announce_change('assay_dataset');

-- What a caller may do; not that a key or session was used.
CREATE TRIGGER api_key_changed AFTER INSERT OR DELETE OR UPDATE OF project_id, role, revoked_at ON api_key
  FOR EACH STATEMENT EXECUTE FUNCTION announce_change('assay_key');
-- By row, because every new session deletes those that have ended, mostly none.
CREATE TRIGGER session_changed AFTER DELETE OR UPDATE OF project_id ON session
  FOR EACH ROW EXECUTE FUNCTION announce_change('assay_key');
CREATE TRIGGER project_renamed AFTER UPDATE OF name ON project
  FOR EACH STATEMENT EXECUTE FUNCTION announce_change('assay_key');
