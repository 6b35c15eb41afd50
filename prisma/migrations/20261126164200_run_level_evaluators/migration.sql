-- Whether the evaluators of the run as a whole have been asked since its items ended.
ALTER TABLE run ADD run_scored BOOLEAN NOT NULL DEFAULT false;
