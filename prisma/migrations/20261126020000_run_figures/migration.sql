-- How many items of a run failed with which code; null when that is not known and has to be counted. Its numbers add up
-- to `failed`.
ALTER TABLE run ADD failures JSONB DEFAULT '{}';

-- The smallest and the largest value of a score in a run; null without values, and when they are not known and have to
-- be looked up. Whoever changes a summary and keeps both right increments `revision`.
ALTER TABLE run_score_summary ADD min DOUBLE PRECISION, ADD max DOUBLE PRECISION,
  ADD revision INTEGER NOT NULL DEFAULT 0;

UPDATE run SET failures = counted.failures
FROM (
  SELECT run_id, jsonb_object_agg(code, count) AS failures
  FROM (
    SELECT run_id, error ->> 'code' AS code, count(*) AS count FROM run_item
    WHERE status = 'FAILED' AND error ->> 'code' IS NOT NULL GROUP BY 1, 2
  ) code
  GROUP BY run_id
) counted
WHERE run.id = counted.run_id;

UPDATE run_score_summary summary SET min = found.min, max = found.max
FROM (
  SELECT run_id, name, min(value), max(value) FROM score WHERE ordinal IS NOT NULL AND value IS NOT NULL GROUP BY 1, 2
) found
WHERE summary.run_id = found.run_id AND summary.name = found.name;

-- Processes of an older version maintain neither: what they change is not known any more.
CREATE FUNCTION forget_failures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.failures := NULL;
  RETURN NEW;
END
$$;
CREATE TRIGGER failed_without_code BEFORE UPDATE ON run FOR EACH ROW
  WHEN (NEW.failed <> OLD.failed AND NEW.failures IS NOT DISTINCT FROM OLD.failures)
  EXECUTE FUNCTION forget_failures();

CREATE FUNCTION forget_extremes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.min := NULL;
  NEW.max := NULL;
  RETURN NEW;
END
$$;
CREATE TRIGGER changed_without_extremes BEFORE UPDATE ON run_score_summary FOR EACH ROW
  WHEN (NEW.revision = OLD.revision AND (NEW.count <> OLD.count OR NEW.sum <> OLD.sum OR NEW.m2 <> OLD.m2))
  EXECUTE FUNCTION forget_extremes();
