namespace Samples.Worker.Analysis;

/// <summary>Writes files that are there whole or not at all, whatever happens to the process or the power.</summary>
internal static class AtomicFile
{
    private const string Prefix = ".partial-";

    /// <summary>Writes a file, in place of one of that name if there is one.</summary>
    /// <remarks>Contents before name, name before return: first the data reaches the disk under another name, then the new name does.</remarks>
    public static async Task WriteAsync(string path, Func<Stream, Task> write)
    {
        var folder = Path.GetDirectoryName(path)!;

        // In the same folder, since only within one file system is a rename atomic.
        var partial = Path.Combine(folder, Prefix + Guid.NewGuid().ToString("N"));
        try
        {
            await using (var stream = new FileStream(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                await write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }

        LinuxFiles.FlushFolder(folder);
    }

    /// <summary>Removes what a killed process left half-written. Only while no other process writes in the folder.</summary>
    /// <returns>How many files were removed.</returns>
    public static int RemovePartial(string folder)
    {
        var count = 0;
        foreach (var partial in Directory.EnumerateFiles(folder, Prefix + "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None }))
        {
            File.Delete(partial);
            count++;
        }

        return count;
    }
}
