using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Extensions.Options;
using Samples.TextAnalysis;

namespace Samples.Worker.Analysis;

/// <summary>Analyses one file: the result is safe on the disk before the file is removed.</summary>
/// <remarks>Thread safe. Doing a file again, after a crash between the two steps, writes the same result.</remarks>
public sealed class FileAnalysis(IOptions<WorkerOptions> options)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Web)
    {
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
        WriteIndented = true,
    };

    private readonly string _outbox = Path.GetFullPath(options.Value.Outbox);

    /// <summary>Analyses a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="cancellationToken">Ends the analysis; not heeded once the result is being written.</param>
    /// <returns>What was found, or <see langword="null"/> when the file is not complete: someone writes to it, or has since it was read.</returns>
    public async ValueTask<TextStatistics?> RunAsync(FileInfo file, CancellationToken cancellationToken)
    {
        try
        {
            return await AnalyzeAsync(file, cancellationToken);
        }
        catch (FileNotFoundException)
        {
            return null; // Whoever put it there has taken it away again.
        }
    }

    private async ValueTask<TextStatistics?> AnalyzeAsync(FileInfo file, CancellationToken cancellationToken)
    {
        TextStatistics found;

        // A file that a writer has locked cannot be opened; that attempt fails and is made again later.
        await using (var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, useAsync: true))
        {
            file.Refresh();
            var (length, written) = (file.Length, file.LastWriteTimeUtc);
            if (LinuxFiles.HasWriter(stream.SafeFileHandle))
            {
                return null;
            }

            found = await TextAnalyzer.AnalyzeAsync(stream, cancellationToken);
            file.Refresh();
            if (found.Bytes != length || !file.Exists || file.Length != length || file.LastWriteTimeUtc != written || LinuxFiles.HasWriter(stream.SafeFileHandle))
            {
                return null;
            }
        }

        await AtomicFile.WriteAsync(Path.Combine(_outbox, file.Name + ".json"), stream => JsonSerializer.SerializeAsync(stream, found, Json, CancellationToken.None));
        file.Delete();
        return found;
    }
}
