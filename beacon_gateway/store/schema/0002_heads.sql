CREATE TABLE heads (                                -- the ledger's published heads, as signed; never rewritten
    community TEXT NOT NULL,
    environment TEXT NOT NULL,
    project TEXT NOT NULL,
    step INTEGER NOT NULL,
    digest TEXT NOT NULL,
    signed TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    told INTEGER NOT NULL DEFAULT 0,                -- our co-signature has reached the central server
    PRIMARY KEY (community, environment, project, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX heads_untold ON heads (told) WHERE told = 0;

CREATE TABLE head_refusals (                        -- heads that contradict what we keep: evidence
    community TEXT NOT NULL,
    project TEXT NOT NULL,
    step INTEGER NOT NULL,
    digest TEXT NOT NULL,
    contradiction TEXT NOT NULL,
    signed TEXT NOT NULL,
    at TEXT NOT NULL,
    told INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (community, project, step, digest)
) STRICT;

CREATE TABLE heads_standing (                       -- what the central server last said of them all
    only INTEGER PRIMARY KEY CHECK (only = 1),
    community TEXT NOT NULL,
    standing TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
