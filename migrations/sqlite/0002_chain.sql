-- Every event is a link of a chain: a later change, a line too many or too few is found (`bellhop verify`).
ALTER TABLE events ADD COLUMN salt BLOB;    -- goes with what it salts: without it nobody can guess what was erased
ALTER TABLE events ADD COLUMN digest BLOB;  -- of the salt, the input and the fact as they were first recorded
ALTER TABLE events ADD COLUMN link BLOB;    -- of the link before, the desk, seq, at, procedure and the digest
