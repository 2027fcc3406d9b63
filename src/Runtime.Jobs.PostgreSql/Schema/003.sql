-- Version 3: what the planner needs for plans that stay good while the tables fill and empty. Programs of versions 1 and 2 may run beside newer ones.
-- Empty pages are kept: they come back at once, and giving them to the system takes a lock that stops all work.
ALTER TABLE {schema}.jobs SET (vacuum_truncate = false);
ALTER TABLE {schema}.keys SET (vacuum_truncate = false);

-- The key first: many keys are looked for at once, of a few names.
ALTER TABLE {schema}.keys DROP CONSTRAINT keys_pkey, ADD CONSTRAINT keys_pkey PRIMARY KEY (key, name);

UPDATE {schema}.meta SET value = 3 WHERE key = 'version';
