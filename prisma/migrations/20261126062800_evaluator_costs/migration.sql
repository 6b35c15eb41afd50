-- What evaluators say that their scores cost.
ALTER TABLE score ADD COLUMN cost_usd DOUBLE PRECISION;
