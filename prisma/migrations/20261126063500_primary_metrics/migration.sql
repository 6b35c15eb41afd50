-- The metrics that the runs of an experiment are judged by, and how they share the error of 5 %.
ALTER TABLE experiment ADD COLUMN primary_metrics JSONB;
