-- Version 1 of the tables for durable jobs. {schema} stands for the schema's name.
-- Run by the program at its start (PostgreSqlJobOptions.Migrate), or by hand by somebody with more rights.
CREATE SCHEMA IF NOT EXISTS {schema};

-- version: of this schema; compatible_from: the oldest program that may use it beside newer ones.
CREATE TABLE {schema}.meta (key text PRIMARY KEY, value bigint NOT NULL);

-- A run's right to write: no two claims have the same number.
CREATE SEQUENCE {schema}.lease;
CREATE SEQUENCE {schema}.job_row;

-- Jobs that are not over. Small and busy: room on each page for new versions of its rows, and cleaned often.
CREATE TABLE {schema}.jobs (
    row bigint NOT NULL DEFAULT nextval('{schema}.job_row'), -- the order of arrival
    id uuid PRIMARY KEY,
    name text NOT NULL,
    queue text NOT NULL,
    state smallint NOT NULL,                     -- the numbers of JobState
    priority smallint NOT NULL,
    rank smallint NOT NULL,                      -- the priority by which it is served; falls while it waits
    run_at timestamptz NOT NULL,
    deadline_at timestamptz NOT NULL,
    ranked_at timestamptz NOT NULL,
    enqueued_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    attempt int NOT NULL DEFAULT 0,
    max_attempts int NOT NULL,
    crashes int NOT NULL DEFAULT 0,
    lease bigint NOT NULL DEFAULT 0,
    owner bigint,                                -- the node that runs it, or that is to run a suspect
    node text,                                   -- its name
    cancel boolean NOT NULL DEFAULT false,       -- somebody wants it cancelled while it runs
    holds_key boolean NOT NULL DEFAULT false,    -- it has a place under its concurrency key
    suspect boolean NOT NULL DEFAULT false,      -- the process died in it so often that it is to run alone
    has_children boolean NOT NULL DEFAULT false, -- other jobs wait for its end
    awaited boolean NOT NULL DEFAULT false,      -- a process wants to be told of its end
    args bytea NOT NULL,
    result bytea,
    reason text,
    last_error text,
    progress double precision,
    progress_text text,
    deadline interval,
    timeout interval,
    retry_delay interval,
    unique_key text,
    uniqueness smallint NOT NULL,
    unique_period interval NOT NULL,
    concurrency_key text,
    concurrency_limit int NOT NULL,
    tags text[] NOT NULL,
    trace text,
    parent uuid,
    parent_on smallint NOT NULL,
    schedule text,
    batch uuid,                                  -- the job that waits for the end of all its members
    members int NOT NULL DEFAULT 0,              -- how many those are, in the row of that job
    members_left int NOT NULL DEFAULT 0
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000);

CREATE INDEX jobs_row ON {schema}.jobs (row);
CREATE INDEX jobs_queued ON {schema}.jobs (queue, rank, deadline_at, row) WHERE state = 1;
CREATE INDEX jobs_scheduled ON {schema}.jobs (run_at) WHERE state = 0;
CREATE INDEX jobs_blocked ON {schema}.jobs (concurrency_key, rank, deadline_at, row) WHERE state = 2 AND NOT suspect;
CREATE INDEX jobs_suspect ON {schema}.jobs (row) WHERE state = 2 AND suspect;
CREATE INDEX jobs_waiting ON {schema}.jobs (parent) WHERE state = 3;
CREATE INDEX jobs_batch ON {schema}.jobs (batch) WHERE batch IS NOT NULL;
CREATE INDEX jobs_running ON {schema}.jobs (owner) WHERE state = 4;

-- Jobs that are over, by the day on which they ended: forgotten by dropping a day.
CREATE TABLE {schema}.history (LIKE {schema}.jobs INCLUDING DEFAULTS) PARTITION BY RANGE (finished_at);
CREATE INDEX history_id ON {schema}.history (id);
CREATE INDEX history_row ON {schema}.history (row);
CREATE INDEX history_batch ON {schema}.history (batch) WHERE batch IS NOT NULL;
CREATE INDEX history_finished ON {schema}.history USING brin (finished_at);
CREATE TABLE {schema}.history_other PARTITION OF {schema}.history DEFAULT;

CREATE VIEW {schema}.all_jobs AS SELECT * FROM {schema}.jobs UNION ALL SELECT * FROM {schema}.history;

-- Who has a unique key, and until when.
CREATE TABLE {schema}.keys (
    name text NOT NULL, key text NOT NULL, job uuid NOT NULL, until timestamptz NOT NULL, PRIMARY KEY (name, key)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX keys_until ON {schema}.keys (until) WHERE until < 'infinity';

-- How many run under a concurrency key. Its row is the lock of the key: who blocks a job, or gives a place away, holds it.
CREATE TABLE {schema}.places (key text PRIMARY KEY, running int NOT NULL)
    WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

CREATE TABLE {schema}.pauses (scope smallint NOT NULL, key text NOT NULL, reason text, until timestamptz, PRIMARY KEY (scope, key));

-- Processes that use these tables. One whose time is up has lost its jobs.
CREATE SEQUENCE {schema}.node_id;
CREATE TABLE {schema}.nodes (
    id bigint PRIMARY KEY, name text NOT NULL, started_at timestamptz NOT NULL, expires_at timestamptz NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

CREATE TABLE {schema}.schedules (
    name text PRIMARY KEY, cron text NOT NULL, zone text NOT NULL, missed smallint NOT NULL, template text NOT NULL, next timestamptz, last timestamptz);

-- The due times that have had their run: one row each, whichever node was first.
CREATE TABLE {schema}.runs (schedule text NOT NULL, due timestamptz NOT NULL, PRIMARY KEY (schedule, due));

INSERT INTO {schema}.meta (key, value) VALUES ('version', 1), ('compatible_from', 1);
