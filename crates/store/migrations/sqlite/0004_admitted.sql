-- Who became a member of which chat, so that every node tells their sockets.

ALTER TABLE outbox ADD COLUMN admitted TEXT;                -- [[chat, user, seq], …], NULL for none
