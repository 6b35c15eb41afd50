-- Only of items that have changed. With all items in it, it could also find an item by its run and ordinal as cheaply as
-- the primary key, so the planner thought where it took runs for small: then each foreign key of a score read its whole
-- run. And a run that starts writes an index less.
DROP INDEX run_item_run_id_seq_idx;
CREATE INDEX run_item_changed_idx ON run_item (run_id, seq) WHERE seq > 0;
