-- The log per chat, and what is folded from it. Ids are uuids, times milliseconds since 1970.
-- Rows that every message updates (chats, members) leave room in their pages, and none of the
-- columns that it changes stands in an index: such updates stay in their page (HOT).
-- No foreign keys: the verbs check under the chat's lock what they would.

CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL);
INSERT INTO meta VALUES ('log_epoch', substr(replace(gen_random_uuid()::text, '-', ''), 1, 16));

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text COLLATE "C" NOT NULL UNIQUE,
    email_folded text COLLATE "C" NOT NULL,     -- lower case, for look-ups that forgive case
    name text NOT NULL,
    name_folded text COLLATE "C" NOT NULL,
    password text NOT NULL,
    created_at bigint NOT NULL,
    last_seen bigint,
    disabled_at bigint
) WITH (fillfactor = 80);
CREATE INDEX users_email_folded ON users (email_folded);
CREATE INDEX users_name_folded ON users (name_folded, id);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    created_at bigint NOT NULL,
    seen_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    revoked_at bigint,
    reason text,                                -- a word of core's Reason
    device text NOT NULL,
    address text NOT NULL,
    refresh_nonce uuid,                         -- random; tokens are made from it and the key
    refresh_number bigint                       -- of the one token that is good
) WITH (fillfactor = 80);
CREATE INDEX sessions_user ON sessions (user_id, created_at) WHERE revoked_at IS NULL;
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE INDEX sessions_ends ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE chats (
    id uuid PRIMARY KEY,
    kind smallint NOT NULL,                     -- 0 private, 1 group
    title text,
    pair bytea UNIQUE,                          -- both members of a private chat, in order
    created_at bigint NOT NULL,
    created_by uuid NOT NULL,
    last_seq bigint NOT NULL,
    msg_no bigint NOT NULL,
    last_at bigint NOT NULL,
    last_message bigint,                        -- seq of the newest message
    members bigint NOT NULL,                    -- how many are current
    pins bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

-- One row per user and chat; who comes back gets a new interval in it.
CREATE TABLE members (
    chat_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role smallint NOT NULL,                     -- 0 member, 1 admin
    joined_seq bigint NOT NULL,
    left_seq bigint,
    delivered_seq bigint NOT NULL,
    read_seq bigint NOT NULL,
    read_no bigint NOT NULL,                    -- the chat's msg_no at read_seq
    PRIMARY KEY (chat_id, user_id)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX members_user ON members (user_id, chat_id) WHERE left_seq IS NULL;

-- The row of a sent message is the message; its text stands nowhere else.
CREATE TABLE events (
    chat_id uuid NOT NULL,
    seq bigint NOT NULL,
    msg_no bigint NOT NULL,
    at bigint NOT NULL,
    actor uuid NOT NULL,
    id uuid,                                    -- of a message
    forwarded_from uuid,
    original_sender uuid,
    subject uuid,                               -- the member it is about
    target_seq bigint,                          -- the message that was pinned or unpinned
    kind smallint NOT NULL,
    role smallint,                              -- the subject's after it
    client_id text,
    content text,                               -- of a message; a new title
    PRIMARY KEY (chat_id, seq)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.1);
CREATE UNIQUE INDEX events_id ON events (id) WHERE id IS NOT NULL;
CREATE INDEX events_sender ON events (chat_id, actor, seq) WHERE kind = 1;

CREATE TABLE pins (
    chat_id uuid NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    by_user uuid NOT NULL,
    pin_seq bigint NOT NULL,                    -- the event that pinned it
    PRIMARY KEY (chat_id, seq)
);

-- One row per transaction. Its id is taken under the locks of its chats (and the sequence keeps
-- no cache), so it ascends within each chat; txid tells readers what may still be to come.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
    txid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    at bigint NOT NULL,
    chats uuid[] NOT NULL,
    lows bigint[] NOT NULL,                     -- the first seq it added to each
    highs bigint[] NOT NULL,                    -- and the last
    admitted text,                              -- [[chat, user, seq], …], NULL for none
    extra text
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX outbox_txid ON outbox (txid, id);
CREATE INDEX outbox_at ON outbox (at);
