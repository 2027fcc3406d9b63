-- Version 2: rate limits. A program of version 1 may run beside newer ones; it does not hold jobs to their rates.
ALTER TABLE {schema}.jobs
    ADD COLUMN rate_key text,
    ADD COLUMN rate_limit int, -- null without a rate key, as the period
    ADD COLUMN rate_period interval,
    ADD COLUMN rate_held boolean NOT NULL DEFAULT false; -- it waits until its rate allows another start
ALTER TABLE {schema}.history
    ADD COLUMN rate_key text,
    ADD COLUMN rate_limit int,
    ADD COLUMN rate_period interval,
    ADD COLUMN rate_held boolean NOT NULL DEFAULT false;
CREATE OR REPLACE VIEW {schema}.all_jobs AS SELECT * FROM {schema}.jobs UNION ALL SELECT * FROM {schema}.history;
CREATE INDEX jobs_rate_held ON {schema}.jobs (rate_key, rank, deadline_at, row) WHERE state = 2 AND rate_held;

-- The starts of a rate key ('key:…') or of a queue ('queue:…') that still count, as JobStarts has them. Its row is the lock of the key: who starts or blocks a job under it holds it.
CREATE TABLE {schema}.rates (
    key text PRIMARY KEY,
    starts bigint[] NOT NULL,
    free_at timestamptz,        -- when the jobs that it blocks are looked at; null: none
    until timestamptz NOT NULL  -- when its starts count no more
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
CREATE INDEX rates_free_at ON {schema}.rates (free_at) WHERE free_at IS NOT NULL;

UPDATE {schema}.meta SET value = 2 WHERE key = 'version';
