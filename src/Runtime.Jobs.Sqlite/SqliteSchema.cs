using System.Globalization;
using Microsoft.Data.Sqlite;
using Runtime.Hosting;

namespace Runtime.Jobs.Sqlite;

/// <summary>The tables, and their versions. What the columns mean stands in the README of this folder.</summary>
internal static class SqliteSchema
{
    /// <summary>The newest version that this code knows.</summary>
    public const int Version = 4;

    // A file above this is checked by hand: reading all of it would hold up the start.
    private const long LargestChecked = 1L << 30;

    // What each version adds to the one before.
    private static readonly string[] Steps = [Tables, Batches, Rates, Unsuccessful];

    private const string Batches = """
        ALTER TABLE runtime_jobs ADD COLUMN batch BLOB;
        ALTER TABLE runtime_jobs ADD COLUMN members INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE runtime_jobs ADD COLUMN members_left INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX runtime_jobs_batch ON runtime_jobs (batch) WHERE batch IS NOT NULL;
        """;

    // starts: numbers of 64 bits, the lowest byte first, as JobStarts has them. free_at: when those that the rate holds are looked at. until: when the starts count no more.
    private const string Rates = """
        ALTER TABLE runtime_jobs ADD COLUMN rate_key TEXT;
        ALTER TABLE runtime_jobs ADD COLUMN rate_limit INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE runtime_jobs ADD COLUMN rate_period INTEGER NOT NULL DEFAULT 10000000;
        ALTER TABLE runtime_jobs ADD COLUMN rate_held INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX runtime_jobs_rate_held ON runtime_jobs (rate_key, rank, deadline_at, row) WHERE state = 2 AND rate_held = 1;
        CREATE TABLE runtime_job_rates (key TEXT PRIMARY KEY, starts BLOB NOT NULL, free_at INTEGER, until INTEGER NOT NULL) WITHOUT ROWID;
        CREATE INDEX runtime_job_rates_free ON runtime_job_rates (free_at) WHERE free_at IS NOT NULL;
        """;

    // What people look for among millions of jobs that went well.
    private const string Unsuccessful = "CREATE INDEX runtime_jobs_unsuccessful ON runtime_jobs (state, row) WHERE state >= 11;";

    private const string Tables = """
        CREATE TABLE IF NOT EXISTS runtime_job_meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE runtime_jobs (
          row INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, name TEXT NOT NULL, queue TEXT NOT NULL, state INTEGER NOT NULL,
          priority INTEGER NOT NULL, rank INTEGER NOT NULL, run_at INTEGER NOT NULL, deadline_at INTEGER NOT NULL, ranked_at INTEGER NOT NULL,
          enqueued_at INTEGER NOT NULL, started_at INTEGER, finished_at INTEGER,
          attempt INTEGER NOT NULL, max_attempts INTEGER NOT NULL, crashes INTEGER NOT NULL, lease INTEGER NOT NULL, cancel INTEGER NOT NULL, holds_key INTEGER NOT NULL, suspect INTEGER NOT NULL DEFAULT 0,
          node TEXT, args BLOB NOT NULL, result BLOB, reason TEXT, last_error TEXT, progress REAL, progress_text TEXT,
          deadline INTEGER, timeout INTEGER, retry_delay INTEGER, unique_key TEXT, uniqueness INTEGER NOT NULL, unique_period INTEGER NOT NULL,
          concurrency_key TEXT, concurrency_limit INTEGER NOT NULL, tags TEXT, trace TEXT, parent BLOB, parent_on INTEGER NOT NULL, schedule TEXT);
        CREATE INDEX runtime_jobs_queued ON runtime_jobs (queue, rank, deadline_at, row) WHERE state = 1;
        CREATE INDEX runtime_jobs_scheduled ON runtime_jobs (run_at) WHERE state = 0;
        CREATE INDEX runtime_jobs_blocked ON runtime_jobs (concurrency_key, rank, deadline_at, row) WHERE state = 2;
        CREATE INDEX runtime_jobs_waiting ON runtime_jobs (parent) WHERE state = 3;
        CREATE INDEX runtime_jobs_suspect ON runtime_jobs (row) WHERE state = 2 AND suspect = 1;
        CREATE INDEX runtime_jobs_running ON runtime_jobs (row) WHERE state = 4;
        CREATE INDEX runtime_jobs_finished ON runtime_jobs (finished_at) WHERE state >= 10 AND state <= 12;
        CREATE TABLE runtime_job_keys (name TEXT NOT NULL, key TEXT NOT NULL, job INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (name, key)) WITHOUT ROWID;
        CREATE TABLE runtime_job_places (key TEXT PRIMARY KEY, running INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE runtime_job_pauses (scope INTEGER NOT NULL, key TEXT NOT NULL, reason TEXT, until INTEGER, PRIMARY KEY (scope, key)) WITHOUT ROWID;
        CREATE TABLE runtime_job_schedules (
          name TEXT PRIMARY KEY, cron TEXT NOT NULL, zone TEXT NOT NULL, missed INTEGER NOT NULL, template BLOB NOT NULL, next INTEGER, last INTEGER) WITHOUT ROWID;
        CREATE TABLE runtime_job_runs (schedule TEXT NOT NULL, due INTEGER NOT NULL, PRIMARY KEY (schedule, due)) WITHOUT ROWID;
        INSERT INTO runtime_job_meta (key, value) VALUES ('version', 1), ('epoch', 0);
        """;

    /// <summary>Checks the file and brings its schema up to date.</summary>
    /// <returns>The number of this life of the store: one more than the last one's.</returns>
    /// <exception cref="JobStoreException">The file is damaged, is not SQLite's, or was written by newer code.</exception>
    public static long Prepare(SqliteSession session, string path)
    {
        try
        {
            if (new FileInfo(path).Length <= LargestChecked && session.Text("PRAGMA quick_check(1)") is var check && check != "ok")
            {
                throw new JobStoreException($"The job store '{path}' is damaged: {check}. Restore it from a copy, or move it away to begin with an empty one.", isTransient: false);
            }

            session.Run("PRAGMA journal_mode = WAL");
            session.Run("PRAGMA synchronous = FULL");
            session.Run("BEGIN IMMEDIATE");
            var version = session.Number("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'runtime_jobs'") == 0
                ? 0
                : session.Number("SELECT value FROM runtime_job_meta WHERE key = 'version'") ?? 0;
            if (version > Version)
            {
                throw new JobStoreException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"The job store '{path}' has version {version} of the schema; this program knows versions up to {Version}. Run the newer program, or one with another file."), isTransient: false);
            }

            Migrate(session, (int)version);
            session.Run("UPDATE runtime_job_meta SET value = value + 1 WHERE key = 'epoch'");
            var epoch = session.Number("SELECT value FROM runtime_job_meta WHERE key = 'epoch'")!.Value;
            session.Run("COMMIT");
            return epoch;
        }
        catch (SqliteException exception)
        {
            throw new JobStoreException(
                $"The job store '{path}' cannot be opened: {exception.Message} It must be an SQLite file that the process may write, with its folder. Restore it from a copy, or name another file.", exception, isTransient: false);
        }
    }

    private static void Migrate(SqliteSession session, int version)
    {
        foreach (var step in Steps[version..])
        {
            session.Script(step);
        }

        session.Run("UPDATE runtime_job_meta SET value = ?1 WHERE key = 'version'", Version);
    }
}
