/**
 * The tables. What follows from other rows is not stored: a session's running turn is its turn in state `running` (and
 * an index sees to it that there is one at most), its last turn is that of its latest message, its message count a count.
 */

/** The version of the tables below, kept in the file as `user_version`. */
export const SCHEMA_VERSION = 5

/** Marks a file as ours, so that another program's database is not written to. */
export const APPLICATION_ID = 0x52_65_70_74

const SETTINGS = `
  CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;
`

/** What makes version 2 of version 1, and so on. */
export const UPGRADES = [
  `
  ALTER TABLE session ADD COLUMN ephemeral INTEGER;
  DROP INDEX session_idle;
  CREATE INDEX session_idle ON session (updated_at - ifnull(ephemeral, 0));
`,
  SETTINGS,
  `
  ALTER TABLE message ADD COLUMN shown TEXT;
  ALTER TABLE message ADD COLUMN images TEXT;
`,
  'ALTER TABLE session ADD COLUMN model TEXT',
]

export const SCHEMA = `
  CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    title TEXT,
    persona TEXT NOT NULL,
    brain TEXT,
    model TEXT, -- the choice as JSON; null where it is left to the brain
    on_disconnect TEXT NOT NULL,
    ephemeral INTEGER, -- of one that is in no list: by how many milliseconds its life is shorter than others'
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (owner, session_id)
  ) STRICT;
  CREATE INDEX session_of_owner ON session (owner, updated_at DESC, session_id);
  CREATE INDEX session_of_user ON session (owner, user_id, updated_at DESC, session_id);
  CREATE INDEX session_idle ON session (updated_at - ifnull(ephemeral, 0));

  CREATE TABLE turn (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    n INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    state TEXT NOT NULL,
    client_id TEXT,
    digest TEXT NOT NULL,
    brain TEXT NOT NULL,
    model TEXT NOT NULL,
    persona TEXT NOT NULL,
    on_disconnect TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    terminal TEXT, -- the terminal event as JSON without its text: that is the reply's
    UNIQUE (session, n),
    UNIQUE (session, client_id)
  ) STRICT;
  CREATE UNIQUE INDEX turn_running ON turn (session) WHERE state = 'running';

  CREATE TABLE message (
    session INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    n INTEGER NOT NULL,
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    brain TEXT,
    model TEXT,
    replaced_by INTEGER, -- the turn that stands in this one's place; null while this one stands
    shown TEXT, -- labels of the images, a JSON array; null where there are none
    images TEXT, -- the images, a JSON array: last, and read only where they are asked for, as they can be megabytes
    PRIMARY KEY (session, n, role)
  ) STRICT;
  CREATE INDEX message_standing ON message (session, n DESC, role) WHERE replaced_by IS NULL;
  CREATE INDEX message_replaced ON message (session, replaced_by, n) WHERE replaced_by IS NOT NULL;

  -- A turn's log, as long as it is kept: a chain of events, newest first. Flushes of all turns thus fill the same few
  -- pages. With events keyed by (turn, seq), each flush of each turn wrote a page of its own: for 400 turns 1.6 MB and
  -- 10 µs an entry, against 5 µs for the chain.
  CREATE TABLE log (
    turn INTEGER PRIMARY KEY REFERENCES turn (id) ON DELETE CASCADE,
    tail INTEGER, -- the newest event; null while there is none
    ended_at INTEGER -- the turn's, here for the sweep's index
  ) STRICT;
  CREATE INDEX log_ended ON log (ended_at) WHERE ended_at IS NOT NULL;

  CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    previous INTEGER,
    seq INTEGER NOT NULL, -- of the last token
    tokens TEXT NOT NULL -- a JSON array
  ) STRICT;
  ${SETTINGS}
`
