-- Functions of assay.config.ts are called by workers only: what a worker has, servers read here.
CREATE TABLE worker (
  id UUID NOT NULL,
  name TEXT NOT NULL,
  functions JSONB NOT NULL,
  problem TEXT,
  started_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  expires_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT worker_pkey PRIMARY KEY (id)
);

-- Which functions a run was started with; null in runs without any, and in runs of before that nobody has taken since.
ALTER TABLE run ADD functions JSONB;

-- Calls of evaluators without a run, from servers to workers.
CREATE TABLE evaluator_preview (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  request JSONB NOT NULL,
  worker_id UUID,
  response JSONB,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  CONSTRAINT evaluator_preview_pkey PRIMARY KEY (id)
);
