-- Prompts: versioned, with labels that name versions; experiments that refer to one, and the version that a run used.
CREATE TABLE prompt (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  project_id UUID NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  metadata JSONB,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  archived_at TIMESTAMPTZ(3),
  CONSTRAINT prompt_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX prompt_project_id_name_key ON prompt (project_id, name);

CREATE TABLE prompt_version (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  prompt_id UUID NOT NULL,
  version INTEGER NOT NULL,
  content JSONB NOT NULL,
  message TEXT,
  author_id UUID,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT prompt_version_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX prompt_version_prompt_id_version_key ON prompt_version (prompt_id, version);
CREATE INDEX prompt_version_author_id_idx ON prompt_version (author_id);

CREATE TABLE prompt_label (
  prompt_id UUID NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  moved_by_id UUID,
  moved_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT prompt_label_pkey PRIMARY KEY (prompt_id, name)
);
CREATE INDEX prompt_label_prompt_id_version_idx ON prompt_label (prompt_id, version);
CREATE INDEX prompt_label_moved_by_id_idx ON prompt_label (moved_by_id);

ALTER TABLE experiment ADD COLUMN prompt_id UUID;
CREATE INDEX experiment_prompt_id_idx ON experiment (prompt_id);

ALTER TABLE run ADD COLUMN prompt_version_id UUID;
CREATE INDEX run_prompt_version_id_created_at_id_idx ON run (prompt_version_id, created_at, id);

ALTER TABLE prompt ADD CONSTRAINT prompt_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id)
  ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE prompt_version ADD CONSTRAINT prompt_version_prompt_id_fkey FOREIGN KEY (prompt_id) REFERENCES prompt (id)
  ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE prompt_version ADD CONSTRAINT prompt_version_author_id_fkey FOREIGN KEY (author_id) REFERENCES person (id)
  ON DELETE SET NULL ON UPDATE CASCADE;
-- The version of a prompt is one that it has. Deferred: a prompt and its first version refer to each other.
ALTER TABLE prompt ADD CONSTRAINT prompt_id_version_fkey FOREIGN KEY (id, version)
  REFERENCES prompt_version (prompt_id, version) ON DELETE NO ACTION ON UPDATE NO ACTION DEFERRABLE INITIALLY DEFERRED;
-- A label names a version of its own prompt.
ALTER TABLE prompt_label ADD CONSTRAINT prompt_label_prompt_id_version_fkey FOREIGN KEY (prompt_id, version)
  REFERENCES prompt_version (prompt_id, version) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE prompt_label ADD CONSTRAINT prompt_label_moved_by_id_fkey FOREIGN KEY (moved_by_id) REFERENCES person (id)
  ON DELETE SET NULL ON UPDATE CASCADE;
-- A prompt that an experiment uses is not deleted; NO ACTION, so that both go with their project.
ALTER TABLE experiment ADD CONSTRAINT experiment_prompt_id_fkey FOREIGN KEY (prompt_id) REFERENCES prompt (id)
  ON DELETE NO ACTION ON UPDATE NO ACTION;
-- A run has pinned the content, and survives the prompt.
ALTER TABLE run ADD CONSTRAINT run_prompt_version_id_fkey FOREIGN KEY (prompt_version_id) REFERENCES prompt_version (id)
  ON DELETE SET NULL ON UPDATE CASCADE;
