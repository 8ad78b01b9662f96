-- How far whoever follows the outbox for good has read it.

CREATE TABLE positions (
    reader TEXT PRIMARY KEY,
    fence INTEGER NOT NULL,             -- of the newest taking; never smaller than one before
    epoch TEXT NOT NULL,                -- the log's in which this is a place
    place TEXT NOT NULL,
    mark INTEGER NOT NULL,              -- the last row that was read
    reached INTEGER NOT NULL,           -- and when it was committed
    moved_at INTEGER NOT NULL
) WITHOUT ROWID;
