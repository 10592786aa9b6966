-- The log of facts. Append-only; state is its fold.
CREATE TABLE events (
    desk       TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,  -- milliseconds since 1970, UTC
    input      TEXT    NOT NULL,  -- the input that led to it
    procedure  TEXT    NOT NULL,  -- the version of the procedure it was decided under
    fact       TEXT    NOT NULL,  -- JSON
    PRIMARY KEY (desk, seq)
);

-- What is still to be told. A row goes when its delivery is recorded.
CREATE TABLE outbox (
    desk       TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    generation INTEGER NOT NULL,  -- counts up when the same thing is to be told anew before it was told
    created    INTEGER NOT NULL,  -- milliseconds since 1970, UTC
    notice     TEXT    NOT NULL,  -- JSON
    PRIMARY KEY (desk, key)
);

-- Inputs that led to facts: handling one twice changes nothing.
CREATE TABLE inputs (
    desk       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (desk, id)
);

-- The last message handled in each place: what came later is read back after a gap.
CREATE TABLE positions (
    desk       TEXT    NOT NULL,
    place      TEXT    NOT NULL,
    message    TEXT    NOT NULL,
    PRIMARY KEY (desk, place)
);
