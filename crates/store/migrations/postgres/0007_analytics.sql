-- Counts per day of UTC; a day is its days since 1 January 1970.

CREATE TABLE analytics_days (
    day bigint PRIMARY KEY,
    messages bigint NOT NULL,
    active_users bigint NOT NULL,
    active_chats bigint NOT NULL,
    new_users bigint NOT NULL,
    new_chats bigint NOT NULL,
    folded bigint NOT NULL              -- 1: it is forgotten who was active
) WITH (fillfactor = 50);

-- Who was active on a day that is not folded: who was counted.
CREATE TABLE analytics_seen (
    day bigint NOT NULL,
    kind bigint NOT NULL,               -- 0: a user, 1: a chat
    id uuid NOT NULL,
    PRIMARY KEY (day, kind, id)
);
