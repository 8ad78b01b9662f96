-- Counts per day of UTC; a day is its days since 1 January 1970.

CREATE TABLE analytics_days (
    day INTEGER PRIMARY KEY,
    messages INTEGER NOT NULL,
    active_users INTEGER NOT NULL,
    active_chats INTEGER NOT NULL,
    new_users INTEGER NOT NULL,
    new_chats INTEGER NOT NULL,
    folded INTEGER NOT NULL             -- 1: it is forgotten who was active
);

-- Who was active on a day that is not folded: who was counted.
CREATE TABLE analytics_seen (
    day INTEGER NOT NULL,
    kind INTEGER NOT NULL,              -- 0: a user, 1: a chat
    id BLOB NOT NULL,
    PRIMARY KEY (day, kind, id)
) WITHOUT ROWID;
