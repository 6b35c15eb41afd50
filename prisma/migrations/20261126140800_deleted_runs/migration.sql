-- Deleting a run deletes its row and what there are few of; items and scores follow in the background, in batches. Without
-- their run nobody reads them. No foreign key checks each of their rows any more, neither when a run starts nor when a
-- result is recorded: all of them are written under the lock of the run, and scores only of items that it has.
ALTER TABLE run_item DROP CONSTRAINT run_item_run_id_fkey;
ALTER TABLE run_item DROP CONSTRAINT run_item_item_id_fkey;
ALTER TABLE score DROP CONSTRAINT score_run_id_fkey;
ALTER TABLE score DROP CONSTRAINT score_run_id_ordinal_fkey;

CREATE TABLE deleted_run (
  run_id UUID NOT NULL,
  deleted_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  CONSTRAINT deleted_run_pkey PRIMARY KEY (run_id)
);

-- A trigger sees what foreign keys delete, and what processes of an older version do.
CREATE FUNCTION record_deleted_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO deleted_run (run_id) VALUES (OLD.id) ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
CREATE TRIGGER run_deleted AFTER DELETE ON run FOR EACH ROW EXECUTE FUNCTION record_deleted_run();
