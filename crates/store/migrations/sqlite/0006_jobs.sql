-- What jobs remember, the audit log, webhooks and their deliveries, who is an operator.

CREATE TABLE operators (user_id BLOB PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;

-- Records whose effect a job has, noted in the transaction of the effect; forgotten by age.
CREATE TABLE job_done (
    job TEXT NOT NULL,
    event_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (job, event_id)
) WITHOUT ROWID;
CREATE INDEX job_done_at ON job_done (at);

CREATE TABLE job_dead (
    job TEXT NOT NULL,
    event_id TEXT NOT NULL,
    record TEXT NOT NULL,               -- {"key": …, "envelope": …}
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (job, event_id)
);

CREATE TABLE job_states (
    job TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    done INTEGER NOT NULL,
    reached INTEGER NOT NULL,
    trouble TEXT
) WITHOUT ROWID;

-- Numbered without a gap; each row holds the hash of the one before it.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    actor BLOB,
    user_id BLOB,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    failed INTEGER NOT NULL,            -- 1: it was refused
    address TEXT,
    device TEXT,
    details TEXT,
    former BLOB NOT NULL,
    hash BLOB NOT NULL
);
CREATE INDEX audit_user ON audit (user_id, seq) WHERE user_id IS NOT NULL;
CREATE INDEX audit_actor ON audit (actor, seq) WHERE actor IS NOT NULL;
CREATE INDEX audit_action ON audit (action, seq);

-- The end of it, in one row.
CREATE TABLE audit_head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL);
INSERT INTO audit_head VALUES (1, 0, zeroblob(32));

CREATE TABLE webhooks (
    id BLOB PRIMARY KEY,
    chat_id BLOB,                       -- NULL: all events
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    topics TEXT,                        -- a JSON array, NULL: all it may have
    created_by BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    failing_since INTEGER,
    disabled_at INTEGER,
    disabled_why TEXT
) WITHOUT ROWID;
CREATE INDEX webhooks_chat ON webhooks (chat_id);

CREATE TABLE deliveries (
    id BLOB PRIMARY KEY,
    webhook_id BLOB NOT NULL,
    event_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    body TEXT NOT NULL,                 -- empty once nothing is to be posted any more
    created_at INTEGER NOT NULL,
    due_at INTEGER,                     -- when it is tried next, NULL: not any more
    held_until INTEGER,                 -- somebody tries it now, until then
    delivered INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    tried_at INTEGER,
    took INTEGER,
    status INTEGER,
    error TEXT
);
CREATE UNIQUE INDEX deliveries_event ON deliveries (webhook_id, event_id);
CREATE INDEX deliveries_webhook ON deliveries (webhook_id, id);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_next ON deliveries (webhook_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_held ON deliveries (webhook_id, held_until) WHERE held_until IS NOT NULL;
CREATE INDEX deliveries_over ON deliveries (created_at) WHERE due_at IS NULL;
