-- Files of dataset items: each content of a project once, in chunks that are read one by one.
CREATE TABLE attachment_content (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  project_id UUID NOT NULL,
  sha256 BYTEA NOT NULL,
  bytes INTEGER NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT attachment_content_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX attachment_content_project_id_sha256_key ON attachment_content (project_id, sha256);

CREATE TABLE attachment_chunk (
  content_id UUID NOT NULL,
  n INTEGER NOT NULL,
  data BYTEA NOT NULL,
  CONSTRAINT attachment_chunk_pkey PRIMARY KEY (content_id, n)
);
-- Images and sound are compressed already.
ALTER TABLE attachment_chunk ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE attachment (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  project_id UUID NOT NULL,
  content_id UUID NOT NULL,
  media_type TEXT NOT NULL,
  filename TEXT,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  uploaded_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT attachment_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX attachment_project_id_content_id_media_type_filename_key
  ON attachment (project_id, content_id, media_type, filename) NULLS NOT DISTINCT;
CREATE INDEX attachment_content_id_idx ON attachment (content_id);
CREATE INDEX attachment_uploaded_at_idx ON attachment (uploaded_at);

CREATE TABLE dataset_item_attachment (
  item_id BIGINT NOT NULL,
  attachment_id UUID NOT NULL,
  CONSTRAINT dataset_item_attachment_pkey PRIMARY KEY (item_id, attachment_id)
);
CREATE INDEX dataset_item_attachment_attachment_id_idx ON dataset_item_attachment (attachment_id);

ALTER TABLE attachment_content ADD CONSTRAINT attachment_content_project_id_fkey FOREIGN KEY (project_id)
  REFERENCES project (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE attachment_chunk ADD CONSTRAINT attachment_chunk_content_id_fkey FOREIGN KEY (content_id)
  REFERENCES attachment_content (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE attachment ADD CONSTRAINT attachment_project_id_fkey FOREIGN KEY (project_id)
  REFERENCES project (id) ON DELETE CASCADE ON UPDATE CASCADE;
-- NO ACTION here and below: what is in use cannot be collected, whoever begins to use it meanwhile; a project goes whole.
ALTER TABLE attachment ADD CONSTRAINT attachment_content_id_fkey FOREIGN KEY (content_id)
  REFERENCES attachment_content (id) ON DELETE NO ACTION ON UPDATE NO ACTION;
ALTER TABLE dataset_item_attachment ADD CONSTRAINT dataset_item_attachment_item_id_fkey FOREIGN KEY (item_id)
  REFERENCES dataset_item (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE dataset_item_attachment ADD CONSTRAINT dataset_item_attachment_attachment_id_fkey
  FOREIGN KEY (attachment_id) REFERENCES attachment (id) ON DELETE NO ACTION ON UPDATE NO ACTION;
