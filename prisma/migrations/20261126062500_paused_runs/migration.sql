-- How long a run that was continued had ended before, which is no time of its execution.
ALTER TABLE run ADD COLUMN paused_ms DOUBLE PRECISION NOT NULL DEFAULT 0;
