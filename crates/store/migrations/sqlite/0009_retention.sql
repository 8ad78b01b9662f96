-- How long chats keep messages, how far they have expired, and when to look again.

ALTER TABLE chats ADD COLUMN keep_age INTEGER;              -- in ms; NULL: as the server says, 0: for ever
ALTER TABLE chats ADD COLUMN keep_count INTEGER;            -- the newest so many; the same
ALTER TABLE chats ADD COLUMN expired_seq INTEGER NOT NULL DEFAULT 0;    -- no message up to here is left
ALTER TABLE chats ADD COLUMN expired_no INTEGER NOT NULL DEFAULT 0;     -- the msg_no there
-- An expiry is nothing that people did: while it is the log's last event, a chat's place among others
-- is that of the time before it.
ALTER TABLE chats ADD COLUMN expiry_seq INTEGER NOT NULL DEFAULT 0;     -- the newest such event
ALTER TABLE chats ADD COLUMN stirred_at INTEGER NOT NULL DEFAULT 0;     -- and last_at before it
ALTER TABLE chats ADD COLUMN sweep_at INTEGER DEFAULT 0;    -- NULL: when somebody says something else
UPDATE chats SET sweep_at = NULL;
CREATE INDEX chats_sweep ON chats (sweep_at) WHERE sweep_at IS NOT NULL;

-- The server's own terms when all chats were last made due for them, in one row.
CREATE TABLE retention (one INTEGER PRIMARY KEY CHECK (one = 1), terms TEXT NOT NULL);
INSERT INTO retention VALUES (1, '{"maxAgeMs":null,"maxCount":null}');
