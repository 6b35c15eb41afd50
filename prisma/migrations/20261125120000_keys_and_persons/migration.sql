CREATE TABLE person (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  project_id UUID,
  name TEXT NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT person_pkey PRIMARY KEY (id)
);

CREATE UNIQUE INDEX person_project_id_name_key ON person (project_id, name) NULLS NOT DISTINCT;

-- Everybody at a server that needs no keys.
INSERT INTO person (id, name) VALUES ('00000000-0000-0000-0000-000000000001', 'local');

-- The default is for keys that processes from before there were persons still make.
ALTER TABLE api_key ALTER project_id DROP NOT NULL,
  ADD person_id UUID NOT NULL DEFAULT '00000000-0000-0000-0000-000000000001';
INSERT INTO person (project_id, name) SELECT DISTINCT project_id, name FROM api_key;
UPDATE api_key SET person_id = person.id FROM person WHERE person.project_id = api_key.project_id AND person.name = api_key.name;

CREATE INDEX api_key_person_id_idx ON api_key (person_id);

ALTER TABLE person ADD CONSTRAINT person_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE api_key ADD CONSTRAINT api_key_person_id_fkey FOREIGN KEY (person_id) REFERENCES person (id) ON DELETE NO ACTION ON UPDATE CASCADE;
