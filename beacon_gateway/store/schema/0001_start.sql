-- Money, intents, parcels. Times are ISO 8601 in UTC by the gateway's clock.
CREATE TABLE origin (
    epoch TEXT NOT NULL CHECK (length(epoch) = 16),
    next_n INTEGER NOT NULL CHECK (next_n >= 1),
    trusted_time TEXT                               -- the last time at which the clock was known to be right
) STRICT;

CREATE TABLE intents (
    id TEXT PRIMARY KEY CHECK (length(id) = 32),
    key TEXT NOT NULL UNIQUE,                       -- idempotency key of the form that began it
    environment TEXT NOT NULL,
    project TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    beacon TEXT,                                    -- JSON, NULL for a touch
    door TEXT NOT NULL,
    handoff TEXT NOT NULL,
    catalogue_version INTEGER NOT NULL,
    url TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    sum TEXT NOT NULL                               -- SHA-256 over the columns above: SQLite pages carry no checksum
) STRICT, WITHOUT ROWID;

CREATE TABLE intent_states (                        -- append only; the newest row is the current state
    change INTEGER PRIMARY KEY,
    intent TEXT NOT NULL REFERENCES intents (id),
    state TEXT NOT NULL,
    slip TEXT NOT NULL,
    at TEXT NOT NULL,
    cause TEXT NOT NULL
) STRICT;
CREATE INDEX intent_states_by_intent ON intent_states (intent, change);

CREATE TABLE outbox (
    n INTEGER PRIMARY KEY,                          -- with the epoch: the parcel's place in the sequence
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    parcel TEXT NOT NULL,                           -- canonical JSON, exactly as it is sent
    sum TEXT NOT NULL,                              -- SHA-256 of `parcel`
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'refused', 'damaged')),
    reason TEXT NOT NULL DEFAULT '',
    recorded_at TEXT NOT NULL,
    settled_at TEXT
) STRICT;
CREATE INDEX outbox_waiting ON outbox (n) WHERE state = 'waiting';

CREATE TABLE sync_log (                             -- for staff on site: one fact per line
    line INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    parcel TEXT,
    kind TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE catalogue (                            -- the newest verified catalogue, as signed
    version INTEGER PRIMARY KEY,
    signed TEXT NOT NULL,
    taken_at TEXT NOT NULL
) STRICT;

CREATE TABLE ledger_heads (                         -- the ledger's published heads, as signed; never rewritten
    community TEXT NOT NULL,
    environment TEXT NOT NULL,
    project TEXT NOT NULL,
    step INTEGER NOT NULL,
    digest TEXT NOT NULL,
    signed TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    reported INTEGER NOT NULL DEFAULT 0,            -- the central server has our cosignature
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
    reported INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (community, project, step, digest)
) STRICT;

CREATE TABLE ledger_status (                        -- the central server's last answer about all heads; one row
    only INTEGER PRIMARY KEY CHECK (only = 1),
    community TEXT NOT NULL,
    status TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
