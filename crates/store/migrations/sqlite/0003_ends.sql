-- Why a session was ended, and the ends in order, so that a server hears of those made elsewhere.

ALTER TABLE sessions ADD COLUMN reason TEXT;                -- a word of core's Reason
CREATE INDEX sessions_ends ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
