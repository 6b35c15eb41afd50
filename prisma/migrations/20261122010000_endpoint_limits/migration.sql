CREATE TABLE endpoint_limit (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  project_id UUID NOT NULL,
  endpoint TEXT NOT NULL,
  concurrency INTEGER,
  requests_per_minute INTEGER,
  tokens_per_minute INTEGER,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT endpoint_limit_pkey PRIMARY KEY (id)
);

CREATE TABLE endpoint_pace (
  project_id UUID NOT NULL,
  endpoint TEXT NOT NULL,
  paused_until TIMESTAMPTZ(6),
  requests_at TIMESTAMPTZ(6),
  tokens_at TIMESTAMPTZ(6),
  CONSTRAINT endpoint_pace_pkey PRIMARY KEY (project_id, endpoint)
);

CREATE TABLE endpoint_grant (
  project_id UUID NOT NULL,
  endpoint TEXT NOT NULL,
  holder UUID NOT NULL,
  permits INTEGER NOT NULL,
  wanted INTEGER NOT NULL,
  expires_at TIMESTAMPTZ(6) NOT NULL,
  CONSTRAINT endpoint_grant_pkey PRIMARY KEY (project_id, endpoint, holder)
);

CREATE UNIQUE INDEX endpoint_limit_project_id_endpoint_key ON endpoint_limit (project_id, endpoint);

ALTER TABLE endpoint_limit ADD CONSTRAINT endpoint_limit_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE endpoint_pace ADD CONSTRAINT endpoint_pace_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE endpoint_grant ADD CONSTRAINT endpoint_grant_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE CASCADE ON UPDATE CASCADE;

-- Both are a few rows that are written all the time.
ALTER TABLE endpoint_pace SET (fillfactor = 50);
ALTER TABLE endpoint_grant SET (fillfactor = 50);
