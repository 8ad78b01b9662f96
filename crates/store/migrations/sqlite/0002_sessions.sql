-- Sessions that live on while they are used, refresh tokens, accounts that an operator closed.

ALTER TABLE sessions ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET seen_at = created_at;
ALTER TABLE sessions ADD COLUMN refresh_nonce BLOB;         -- random; tokens are made from it and the key
ALTER TABLE sessions ADD COLUMN refresh_number INTEGER;     -- of the one token that is good

DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id, created_at) WHERE revoked_at IS NULL;
-- A revoked session is remembered until its tokens are over, too.
DROP INDEX sessions_end;

ALTER TABLE users ADD COLUMN disabled_at INTEGER;
