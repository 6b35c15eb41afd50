-- Which life of the database a feed's cursor is from. A dump carries the value along; it cannot carry along the
-- transaction that wrote the row.
CREATE TABLE feed_epoch (
  id INTEGER NOT NULL DEFAULT 1 CHECK (id = 1),
  value UUID NOT NULL DEFAULT gen_random_uuid(),
  CONSTRAINT feed_epoch_pkey PRIMARY KEY (id)
);
INSERT INTO feed_epoch DEFAULT VALUES;
