-- What jobs remember, the audit log, webhooks and their deliveries, who is an operator.

CREATE TABLE operators (user_id uuid PRIMARY KEY, since bigint NOT NULL);

-- Records whose effect a job has, noted in the transaction of the effect; forgotten by age.
CREATE TABLE job_done (
    job text NOT NULL,
    event_id text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (job, event_id)
);
CREATE INDEX job_done_at ON job_done (at);

CREATE TABLE job_dead (
    job text NOT NULL,
    event_id text NOT NULL,
    record text NOT NULL,               -- {"key": …, "envelope": …}
    reason text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (job, event_id)
);

CREATE TABLE job_states (
    job text PRIMARY KEY,
    at bigint NOT NULL,
    done bigint NOT NULL,
    reached bigint NOT NULL,
    trouble text
);

-- Numbered without a gap; each row holds the hash of the one before it.
CREATE TABLE audit (
    seq bigint PRIMARY KEY,
    event_id text NOT NULL UNIQUE,
    at bigint NOT NULL,
    actor uuid,
    user_id uuid,
    action text NOT NULL,
    resource text NOT NULL,
    resource_id text NOT NULL,
    failed bigint NOT NULL,            -- 1: it was refused
    address text,
    device text,
    details text,
    former bytea NOT NULL,
    hash bytea NOT NULL
);
CREATE INDEX audit_user ON audit (user_id, seq) WHERE user_id IS NOT NULL;
CREATE INDEX audit_actor ON audit (actor, seq) WHERE actor IS NOT NULL;
CREATE INDEX audit_action ON audit (action, seq);

-- The end of it, in one row.
CREATE TABLE audit_head (one bigint PRIMARY KEY CHECK (one = 1), seq bigint NOT NULL, hash bytea NOT NULL);
INSERT INTO audit_head VALUES (1, 0, decode(repeat('00', 32), 'hex'));

CREATE TABLE webhooks (
    id uuid PRIMARY KEY,
    chat_id uuid,                       -- NULL: all events
    url text NOT NULL,
    secret text NOT NULL,
    topics text,                        -- a JSON array, NULL: all it may have
    created_by uuid NOT NULL,
    created_at bigint NOT NULL,
    failing_since bigint,
    disabled_at bigint,
    disabled_why text
);
CREATE INDEX webhooks_chat ON webhooks (chat_id);

CREATE TABLE deliveries (
    id uuid PRIMARY KEY,
    webhook_id uuid NOT NULL,
    event_id text NOT NULL,
    topic text NOT NULL,
    body text NOT NULL,                 -- empty once nothing is to be posted any more
    created_at bigint NOT NULL,
    due_at bigint,                     -- when it is tried next, NULL: not any more
    held_until bigint,                 -- somebody tries it now, until then
    delivered bigint NOT NULL DEFAULT 0,
    tries bigint NOT NULL DEFAULT 0,
    tried_at bigint,
    took bigint,
    status bigint,
    error text
);
CREATE UNIQUE INDEX deliveries_event ON deliveries (webhook_id, event_id);
CREATE INDEX deliveries_webhook ON deliveries (webhook_id, id);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_next ON deliveries (webhook_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_held ON deliveries (webhook_id, held_until) WHERE held_until IS NOT NULL;
CREATE INDEX deliveries_over ON deliveries (created_at) WHERE due_at IS NULL;
