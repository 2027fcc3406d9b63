-- Version 3: what the planner needs for plans that stay good while the tables fill and empty. Programs of versions 1 and 2 may run beside newer ones.
-- Empty pages are kept: they come back at once, and giving them to the system takes a lock that stops all work.
ALTER TABLE {schema}.jobs SET (vacuum_truncate = false);
ALTER TABLE {schema}.keys SET (vacuum_truncate = false);

-- The key first: many keys are looked for at once, of a few names.
ALTER TABLE {schema}.keys DROP CONSTRAINT keys_pkey, ADD CONSTRAINT keys_pkey PRIMARY KEY (key, name);

-- What people look for among millions of jobs that went well. To make it takes some seconds for each ten million of them, and no job can end meanwhile.
CREATE INDEX history_unsuccessful ON {schema}.history (state, row) WHERE state >= 11;

-- The kinds of jobs that a process knows; null: it is of an earlier version, and has not said.
ALTER TABLE {schema}.nodes ADD COLUMN names text[];

-- It was enqueued in a transaction of the caller's, and has not yet looked for the job that it waits for: that would have held that job's row until the caller's commit.
ALTER TABLE {schema}.jobs ADD COLUMN unsettled boolean NOT NULL DEFAULT false;
ALTER TABLE {schema}.history ADD COLUMN unsettled boolean NOT NULL DEFAULT false;
CREATE OR REPLACE VIEW {schema}.all_jobs AS SELECT * FROM {schema}.jobs UNION ALL SELECT * FROM {schema}.history;
CREATE INDEX jobs_unsettled ON {schema}.jobs (row) WHERE unsettled;

UPDATE {schema}.meta SET value = 3 WHERE key = 'version';
