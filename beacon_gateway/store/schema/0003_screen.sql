CREATE TABLE held (                                 -- counts of the screen, until the central server says it takes them
    line INTEGER PRIMARY KEY,
    body TEXT NOT NULL,                             -- canonical JSON; its number and id come when it is let go
    sum TEXT NOT NULL                               -- SHA-256 of `body`
) STRICT;
