-- Providers of models, with keys that are stored encrypted and prices of the project.
CREATE TABLE provider (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  project_id UUID NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  base_url TEXT,
  region TEXT,
  resource_name TEXT,
  api_version TEXT,
  access_key_id TEXT,
  key_variable TEXT,
  sealed_key BYTEA,
  key_set_at TIMESTAMPTZ(3),
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT provider_pkey PRIMARY KEY (id),
  CONSTRAINT provider_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX provider_project_id_name_key ON provider (project_id, name);

CREATE TABLE model_price (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  provider_id UUID NOT NULL,
  model TEXT NOT NULL,
  input DOUBLE PRECISION NOT NULL,
  output DOUBLE PRECISION NOT NULL,
  cached_input DOUBLE PRECISION,
  cache_write DOUBLE PRECISION,
  reasoning DOUBLE PRECISION,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT model_price_pkey PRIMARY KEY (id),
  CONSTRAINT model_price_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES provider (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX model_price_provider_id_model_key ON model_price (provider_id, model);

CREATE TABLE secret_key (
  id INTEGER NOT NULL DEFAULT 1 CHECK (id = 1),
  fingerprint TEXT NOT NULL,
  CONSTRAINT secret_key_pkey PRIMARY KEY (id)
);

-- A provider that refuses every call stops a run, in its own words.
ALTER TYPE "StopReason" ADD VALUE 'PROVIDER';
ALTER TABLE run ADD stop_message TEXT;

-- How a model made an output.
ALTER TABLE run_item ADD generation JSONB;
ALTER TABLE cached_response ADD generation JSONB;

-- What models are writing, for those who watch.
CREATE UNLOGGED TABLE run_item_text (
  run_id UUID NOT NULL,
  ordinal INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  text TEXT NOT NULL,
  truncated BOOLEAN NOT NULL,
  updated_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT run_item_text_pkey PRIMARY KEY (run_id, ordinal)
);
