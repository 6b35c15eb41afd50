-- Null in rows of before: reading them measures the output. Filling the column would rewrite the whole table.
ALTER TABLE run_item ADD COLUMN output_bytes INTEGER;
ALTER TABLE run_item ADD COLUMN excused INTEGER NOT NULL DEFAULT 0;
