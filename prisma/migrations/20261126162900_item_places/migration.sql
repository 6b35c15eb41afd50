-- Where an item is in a run follows from the order of its schedule, which is that of a hash of the run's seed and the item.
-- So no index by item is needed. It was the larger part of what a start costs, because its entries are in no order that a
-- run is written in, and each version of a row had one more.
--
-- The ordinals of these items in these runs, of all repetitions; nothing for an item that a run does not have. Hashes are
-- evenly distributed, so that of the item says about where it is, and each look says it more exactly: about five looks by
-- primary key in a million items, and one where the guess is right, which is the caller's or the place in the run before.
CREATE FUNCTION run_item_places(runs UUID[], items BIGINT[], guesses INTEGER[] DEFAULT NULL)
RETURNS TABLE (run_id UUID, item_id BIGINT, ordinal INTEGER)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 2000 ROWS 10
-- Plans are kept while the table grows, whatever its size was when they were made.
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
#variable_conflict use_variable
DECLARE
  places INTEGER[] := COALESCE(guesses, array_fill(NULL::int, ARRAY[cardinality(items)]));
  guessed BOOLEAN[];
  seed TEXT;
  repetitions INTEGER;
  final INTEGER;
  wanted TEXT COLLATE "C";
  share FLOAT8;
  low INTEGER;
  high INTEGER;
  -- The hashes at the ends of the range as shares of all hashes.
  below FLOAT8;
  above FLOAT8;
  looks INTEGER;
  place INTEGER;
  seen_place INTEGER;
  seen_item BIGINT;
  seen TEXT COLLATE "C";
BEGIN
  FOR r IN 1 .. cardinality(runs) LOOP
    run_id := runs[r];
    CONTINUE WHEN array_position(runs, run_id) < r;
    SELECT run.seed || ':', COALESCE((run.settings ->> 'repetitions')::int, 1) INTO seed, repetitions FROM run WHERE run.id = run_id;
    CONTINUE WHEN seed IS NULL;
    -- All guesses in one statement: a statement for each takes five times as long.
    guessed := CASE WHEN guesses IS NOT NULL OR r > 1 THEN ARRAY(
      SELECT COALESCE((SELECT i.item_id FROM run_item i WHERE i.run_id = run_id AND i.ordinal = g.place * repetitions) = g.item, false)
      FROM unnest(items, places) WITH ORDINALITY AS g (item, place, n) ORDER BY g.n) END;
    final := NULL;
    FOR n IN 1 .. cardinality(items) LOOP
      item_id := items[n];
      seen_place := CASE WHEN guessed[n] THEN places[n] END;
      IF seen_place IS NULL THEN
        IF final IS NULL THEN
          SELECT i.position INTO final FROM run_item i WHERE i.run_id = run_id ORDER BY i.ordinal DESC LIMIT 1;
          EXIT WHEN final IS NULL;
        END IF;
        wanted := md5(seed || item_id);
        share := ('x' || left(wanted, 13))::bit(52)::bigint / 4503599627370496.0::float8;
        low := 0;
        high := final;
        below := 0;
        above := 1;
        looks := 0;
        WHILE low <= high LOOP
          IF looks > 8 AND looks % 2 = 0 THEN
            -- Bounds the looks where hashes are not as expected.
            place := (low + high) / 2;
          ELSE
            place := low + COALESCE(floor((share - below) / NULLIF(above - below, 0) * (high - low + 1)), 0)::int;
            place := greatest(low, least(high, place));
          END IF;
          looks := looks + 1;
          SELECT i.item_id, i.position INTO seen_item, seen_place FROM run_item i
          WHERE i.run_id = run_id AND i.ordinal >= place * repetitions ORDER BY i.ordinal LIMIT 1;
          EXIT WHEN seen_item = item_id;
          seen := md5(seed || seen_item);
          IF (seen, seen_item) < (wanted, item_id) THEN
            low := seen_place + 1;
            below := ('x' || left(seen, 13))::bit(52)::bigint / 4503599627370496.0::float8;
          ELSE
            high := place - 1;
            above := ('x' || left(seen, 13))::bit(52)::bigint / 4503599627370496.0::float8;
          END IF;
          seen_place := NULL;
        END LOOP;
        CONTINUE WHEN seen_place IS NULL;
        places[n] := seen_place;
      END IF;
      FOR repetition IN 0 .. repetitions - 1 LOOP
        ordinal := seen_place * repetitions + repetition;
        RETURN NEXT;
      END LOOP;
    END LOOP;
  END LOOP;
END
$$;

DROP INDEX run_item_item_id_run_id_idx;
