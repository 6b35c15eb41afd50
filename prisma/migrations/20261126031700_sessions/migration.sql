-- Signed-in browsers. A session ends with its key; one without a key only names a person, at a server that needs none.
CREATE TABLE session (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  sha256 BYTEA NOT NULL,
  api_key_id UUID,
  person_id UUID,
  project_id UUID,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  last_used_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  expires_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT session_pkey PRIMARY KEY (id),
  CONSTRAINT session_has_one_owner CHECK (num_nonnulls(api_key_id, person_id) = 1)
);

CREATE UNIQUE INDEX session_sha256_key ON session (sha256);
CREATE INDEX session_api_key_id_idx ON session (api_key_id);
CREATE INDEX session_expires_at_idx ON session (expires_at);

ALTER TABLE session
  ADD CONSTRAINT session_api_key_id_fkey FOREIGN KEY (api_key_id) REFERENCES api_key (id) ON DELETE CASCADE ON UPDATE CASCADE,
  ADD CONSTRAINT session_person_id_fkey FOREIGN KEY (person_id) REFERENCES person (id) ON DELETE CASCADE ON UPDATE CASCADE,
  ADD CONSTRAINT session_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE SET NULL ON UPDATE CASCADE;
