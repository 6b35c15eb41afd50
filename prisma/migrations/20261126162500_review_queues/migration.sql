-- Queues of outputs that people score: which outputs, with which probability they were drawn, and who has what of them.
CREATE TYPE "ReviewStatus" AS ENUM ('CLAIMED', 'DONE', 'SKIPPED');

CREATE TABLE review_queue (
  id               UUID NOT NULL DEFAULT gen_random_uuid(),
  project_id       UUID NOT NULL,
  name             TEXT NOT NULL,
  description      TEXT,
  run_id           UUID NOT NULL,
  baseline_id      UUID,
  pairwise         BOOLEAN NOT NULL DEFAULT false,
  selection        JSONB NOT NULL,
  scores           TEXT[] NOT NULL,
  authors_per_item INTEGER NOT NULL DEFAULT 1,
  seed             TEXT NOT NULL,
  item_count       INTEGER NOT NULL,
  created_by_id    UUID,
  created_at       TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  closed_at        TIMESTAMPTZ(3),
  CONSTRAINT review_queue_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX review_queue_project_id_name_key ON review_queue (project_id, name);
CREATE INDEX review_queue_run_id_idx ON review_queue (run_id);
CREATE INDEX review_queue_baseline_id_idx ON review_queue (baseline_id);
CREATE INDEX review_queue_created_by_id_idx ON review_queue (created_by_id);
ALTER TABLE review_queue ADD CONSTRAINT review_queue_project_id_fkey
  FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE review_queue ADD CONSTRAINT review_queue_run_id_fkey
  FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE review_queue ADD CONSTRAINT review_queue_baseline_id_fkey
  FOREIGN KEY (baseline_id) REFERENCES run (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE review_queue ADD CONSTRAINT review_queue_created_by_id_fkey
  FOREIGN KEY (created_by_id) REFERENCES person (id) ON DELETE SET NULL ON UPDATE CASCADE;

-- Whom a queue is assigned to; without any, everybody may work it.
CREATE TABLE review_assignee (
  queue_id  UUID NOT NULL,
  person_id UUID NOT NULL,
  CONSTRAINT review_assignee_pkey PRIMARY KEY (queue_id, person_id)
);
CREATE INDEX review_assignee_person_id_idx ON review_assignee (person_id);
ALTER TABLE review_assignee ADD CONSTRAINT review_assignee_queue_id_fkey
  FOREIGN KEY (queue_id) REFERENCES review_queue (id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE review_assignee ADD CONSTRAINT review_assignee_person_id_fkey
  FOREIGN KEY (person_id) REFERENCES person (id) ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE review_item (
  queue_id       UUID NOT NULL,
  position       INTEGER NOT NULL,
  ordinal        INTEGER NOT NULL,
  probability    DOUBLE PRECISION,
  information    DOUBLE PRECISION,
  baseline_first BOOLEAN NOT NULL DEFAULT false,
  CONSTRAINT review_item_pkey PRIMARY KEY (queue_id, position)
);
CREATE UNIQUE INDEX review_item_queue_id_ordinal_key ON review_item (queue_id, ordinal);
ALTER TABLE review_item ADD CONSTRAINT review_item_queue_id_fkey
  FOREIGN KEY (queue_id) REFERENCES review_queue (id) ON DELETE CASCADE ON UPDATE CASCADE;

-- What a person has to do with an item of a queue.
CREATE TABLE review (
  queue_id      UUID NOT NULL,
  position      INTEGER NOT NULL,
  person_id     UUID NOT NULL,
  status        "ReviewStatus" NOT NULL,
  claimed_until TIMESTAMPTZ(3),
  changed_at    TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT review_pkey PRIMARY KEY (queue_id, position, person_id)
);
CREATE INDEX review_person_id_idx ON review (person_id);
ALTER TABLE review ADD CONSTRAINT review_queue_id_position_fkey
  FOREIGN KEY (queue_id, position) REFERENCES review_item (queue_id, position) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE review ADD CONSTRAINT review_person_id_fkey
  FOREIGN KEY (person_id) REFERENCES person (id) ON DELETE CASCADE ON UPDATE CASCADE;
