-- Compared rows are read in the one order that runs with the same seed share, from any place on and from each run alone: a
-- page needs to know where an item is, or would be, in the runs that need not have it.
--
-- How many items of a run come before this one in the order of its seed, with `including` also itself; all where there is
-- no such item. Searches as run_item_places does; one look where the guess is right.
CREATE FUNCTION run_items_before(run_id UUID, item BIGINT, guess INTEGER, including BOOLEAN) RETURNS INTEGER
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 2000
-- Plans are kept while the table grows, whatever its size was when they were made.
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
#variable_conflict use_variable
DECLARE
  seed TEXT;
  repetitions INTEGER;
  wanted TEXT COLLATE "C";
  share FLOAT8;
  -- Items before `low` come before the one that is looked for, those from `high` on do not.
  low INTEGER := 0;
  high INTEGER;
  -- The hashes at the ends of the range as shares of all hashes.
  below FLOAT8 := 0;
  above FLOAT8 := 1;
  looks INTEGER := 0;
  place INTEGER;
  seen_place INTEGER;
  seen_item BIGINT;
  seen TEXT COLLATE "C";
BEGIN
  SELECT i.position + 1 INTO high FROM run_item i WHERE i.run_id = run_id ORDER BY i.ordinal DESC LIMIT 1;
  IF item IS NULL OR high IS NULL THEN
    RETURN COALESCE(high, 0);
  END IF;
  SELECT r.seed || ':', COALESCE((r.settings ->> 'repetitions')::int, 1) INTO seed, repetitions FROM run r WHERE r.id = run_id;
  wanted := md5(seed || item);
  share := ('x' || left(wanted, 13))::bit(52)::bigint / 4503599627370496.0::float8;
  WHILE low < high LOOP
    place := CASE
      WHEN looks = 0 THEN guess
      -- Bounds the looks where hashes are not as expected.
      WHEN looks > 8 AND looks % 2 = 0 THEN (low + high) / 2
      ELSE low + COALESCE(floor((share - below) / NULLIF(above - below, 0) * (high - low)), 0)::int END;
    place := greatest(low, least(high - 1, place));
    looks := looks + 1;
    SELECT i.item_id, i.position INTO seen_item, seen_place FROM run_item i
    WHERE i.run_id = run_id AND i.ordinal >= place * repetitions ORDER BY i.ordinal LIMIT 1;
    IF seen_item = item THEN
      RETURN seen_place + including::int;
    END IF;
    seen := md5(seed || seen_item);
    IF (seen, seen_item) < (wanted, item) THEN
      low := seen_place + 1;
      below := ('x' || left(seen, 13))::bit(52)::bigint / 4503599627370496.0::float8;
    ELSE
      high := place;
      above := ('x' || left(seen, 13))::bit(52)::bigint / 4503599627370496.0::float8;
    END IF;
  END LOOP;
  RETURN low;
END
$$;
