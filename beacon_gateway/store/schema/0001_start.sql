-- Money, intents, parcels. Times are ISO 8601 in UTC by the gateway's clock; ids are bytes.
-- `sum` is a checksum over the table's name and all other columns of the row: SQLite pages carry none. A row is used
-- only if it matches. Key columns come first. Large rows are in tables with an integer key, to which SQLite appends; a
-- gift writes a row to `intents` and one to `outbox`, and no second index.
CREATE TABLE epochs (                               -- the last row is the current epoch
    number INTEGER PRIMARY KEY,
    epoch BLOB NOT NULL CHECK (length(epoch) = 8),
    removed_n INTEGER NOT NULL,                     -- the highest number that left the outbox
    trusted_time TEXT,                              -- the last time at which the clock was known to be right
    sum BLOB NOT NULL
) STRICT;

CREATE TABLE intents (
    key BLOB PRIMARY KEY CHECK (length(key) = 16),  -- hash of the idempotency key of the form that began it
    id BLOB NOT NULL CHECK (length(id) = 16),
    environment TEXT NOT NULL,
    project TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    beacon TEXT,                                    -- JSON, NULL for a touch
    door TEXT NOT NULL,
    handoff TEXT NOT NULL,
    catalogue_version INTEGER NOT NULL,
    recorded_at TEXT NOT NULL,
    clock_trusted INTEGER NOT NULL,
    sum BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE intent_states (                        -- append only; the newest row is the current state
    intent BLOB NOT NULL,
    change INTEGER NOT NULL,
    state TEXT NOT NULL,
    slip TEXT NOT NULL,
    at TEXT NOT NULL,
    cause TEXT NOT NULL,
    sum BLOB NOT NULL,
    PRIMARY KEY (intent, change)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (                               -- waiting parcels; a receipt removes the row
    place INTEGER PRIMARY KEY,                      -- (epoch, n): 2^40 times the epoch's number, plus n
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    parcel TEXT NOT NULL,                           -- canonical JSON, exactly as it is sent
    sum BLOB NOT NULL
) STRICT;

CREATE TABLE refused (                              -- parcels that the central server refused
    place INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    parcel TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    sum BLOB NOT NULL
) STRICT;

CREATE TABLE sync_log (                             -- for staff on site: one fact per line
    line INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    parcel BLOB,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    sum BLOB NOT NULL
) STRICT;

CREATE TABLE repairs (                              -- each repair of this store after damage
    at TEXT PRIMARY KEY,
    rescued INTEGER NOT NULL,                       -- waiting parcels that were recovered
    missing INTEGER NOT NULL,                       -- numbers below the highest known one that were not
    sum BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE catalogue (                            -- the newest verified catalogue, as signed
    version INTEGER PRIMARY KEY,
    signed TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    sum BLOB NOT NULL
) STRICT;

CREATE TABLE ledger_heads (                         -- the ledger's published heads, as signed; never rewritten
    community TEXT NOT NULL,
    environment TEXT NOT NULL,
    project TEXT NOT NULL,
    step INTEGER NOT NULL,
    digest TEXT NOT NULL,
    signed TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    reported INTEGER NOT NULL,                      -- the central server has our cosignature
    sum BLOB NOT NULL,
    PRIMARY KEY (community, environment, project, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_heads_unreported ON ledger_heads (reported) WHERE reported = 0;

CREATE TABLE head_refusals (                        -- evidence: heads that contradict a stored one
    community TEXT NOT NULL,
    project TEXT NOT NULL,
    step INTEGER NOT NULL,
    digest TEXT NOT NULL,
    contradiction TEXT NOT NULL,
    signed TEXT NOT NULL,
    at TEXT NOT NULL,
    reported INTEGER NOT NULL,
    sum BLOB NOT NULL,
    PRIMARY KEY (community, project, step, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_status (                        -- the central server's last answer about all heads; one row
    only INTEGER PRIMARY KEY CHECK (only = 1),
    community TEXT NOT NULL,
    status TEXT NOT NULL,
    sum BLOB NOT NULL
) STRICT;

CREATE TABLE bulletin (                             -- the newest verified bulletin, as signed; one row
    only INTEGER PRIMARY KEY CHECK (only = 1),
    signed TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    sum BLOB NOT NULL
) STRICT;
