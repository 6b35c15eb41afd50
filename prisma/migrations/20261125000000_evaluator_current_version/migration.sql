-- The version of an evaluator is one that it has. Deferred: an evaluator and its first version refer to each other.
ALTER TABLE evaluator ADD CONSTRAINT evaluator_id_version_fkey FOREIGN KEY (id, version)
  REFERENCES evaluator_version (evaluator_id, version) ON DELETE NO ACTION ON UPDATE NO ACTION DEFERRABLE INITIALLY DEFERRED;
