-- The path in the metadata of items by which they belong together; empty: they are independent.
ALTER TABLE dataset ADD COLUMN cluster_path TEXT[] NOT NULL DEFAULT '{}';
