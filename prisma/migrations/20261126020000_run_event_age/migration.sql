-- Events are removed once they are older than any cursor that is still accepted.
ALTER TABLE run_event ADD COLUMN created_at TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP;
