-- The log per chat, and what is folded from it. Ids are 16-byte blobs, times milliseconds since 1970.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('log_epoch', lower(hex(randomblob(8))));

CREATE TABLE users (
    id BLOB PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    email_folded TEXT NOT NULL,         -- lower case, for look-ups that forgive case
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    password TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen INTEGER
) WITHOUT ROWID;
CREATE INDEX users_email_folded ON users (email_folded);
CREATE INDEX users_name_folded ON users (name_folded, id);

CREATE TABLE sessions (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    device TEXT NOT NULL,
    address TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE INDEX sessions_end ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE chats (
    id BLOB PRIMARY KEY,
    kind INTEGER NOT NULL,              -- 0 private, 1 group
    title TEXT,
    pair BLOB UNIQUE,                   -- both members of a private chat, in order
    created_at INTEGER NOT NULL,
    created_by BLOB NOT NULL,
    last_seq INTEGER NOT NULL,
    msg_no INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    last_message INTEGER,               -- seq of the newest message
    members INTEGER NOT NULL,           -- how many are current
    pins INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- One row per user and chat; who comes back gets a new interval in it.
CREATE TABLE members (
    chat_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    role INTEGER NOT NULL,              -- 0 member, 1 admin
    joined_seq INTEGER NOT NULL,
    left_seq INTEGER,
    delivered_seq INTEGER NOT NULL,
    read_seq INTEGER NOT NULL,
    read_no INTEGER NOT NULL,           -- the chat's msg_no at read_seq
    PRIMARY KEY (chat_id, user_id)
) WITHOUT ROWID;
CREATE INDEX members_user ON members (user_id, chat_id) WHERE left_seq IS NULL;

-- The row of a sent message is the message; its text stands nowhere else.
CREATE TABLE events (
    chat_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    msg_no INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    actor BLOB NOT NULL,
    id BLOB,                            -- of a message
    content TEXT,                       -- of a message; a new title
    client_id TEXT,
    forwarded_from BLOB,
    original_sender BLOB,
    target_seq INTEGER,                 -- the message that was pinned or unpinned
    subject BLOB,                       -- the member it is about
    role INTEGER,                       -- and their role after it
    PRIMARY KEY (chat_id, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX events_id ON events (id) WHERE id IS NOT NULL;
CREATE INDEX events_sender ON events (chat_id, actor, seq) WHERE kind = 1;

CREATE TABLE pins (
    chat_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    by_user BLOB NOT NULL,
    pin_seq INTEGER NOT NULL,           -- the event that pinned it
    PRIMARY KEY (chat_id, seq)
) WITHOUT ROWID;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    spans TEXT NOT NULL,                -- [[chat, first seq, last seq], …]
    extra TEXT
);
CREATE INDEX outbox_at ON outbox (at);
