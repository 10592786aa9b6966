-- The lines of one case, found without reading all others: each begins with the number of its case.
ALTER TABLE events ADD COLUMN escalation INTEGER GENERATED ALWAYS AS (
    CASE WHEN substr(fact, 1, 20) = '{"fact":"case","id":' THEN CAST(substr(fact, 21, 10) AS INTEGER) END
) VIRTUAL;
CREATE INDEX events_of_case ON events (desk, escalation, seq) WHERE escalation IS NOT NULL;
