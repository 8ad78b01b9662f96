-- How far whoever follows the outbox for good has read it.

CREATE TABLE positions (
    reader text COLLATE "C" PRIMARY KEY,
    fence bigint NOT NULL,                      -- of the newest taking; never smaller than one before
    epoch text NOT NULL,                        -- the log's in which this is a place
    place text NOT NULL,
    mark bigint NOT NULL,                       -- of transactions before it all rows were read
    reached bigint NOT NULL,                    -- when the newest row that was read was committed
    moved_at bigint NOT NULL
) WITH (fillfactor = 50);
