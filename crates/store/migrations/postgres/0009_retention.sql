-- How long chats keep messages, how far they have expired, and when to look again. Sends change no
-- column of the index, so their updates of chats stay in their page.

ALTER TABLE chats
    ADD COLUMN keep_age bigint,                     -- in ms; NULL: as the server says, 0: for ever
    ADD COLUMN keep_count bigint,                   -- the newest so many; the same
    ADD COLUMN expired_seq bigint NOT NULL DEFAULT 0,   -- no message up to here is left
    ADD COLUMN expired_no bigint NOT NULL DEFAULT 0,    -- the msg_no there
    -- An expiry is nothing that people did: while it is the log's last event, a chat's place among
    -- others is that of the time before it.
    ADD COLUMN expiry_seq bigint NOT NULL DEFAULT 0,    -- the newest such event
    ADD COLUMN stirred_at bigint NOT NULL DEFAULT 0,    -- and last_at before it
    ADD COLUMN sweep_at bigint;                     -- NULL: when somebody says something else
ALTER TABLE chats ALTER COLUMN sweep_at SET DEFAULT 0;
CREATE INDEX chats_sweep ON chats (sweep_at) WHERE sweep_at IS NOT NULL;

-- The server's own terms when all chats were last made due for them, in one row.
CREATE TABLE retention (one bigint PRIMARY KEY CHECK (one = 1), terms text NOT NULL);
INSERT INTO retention VALUES (1, '{"maxAgeMs":null,"maxCount":null}');
