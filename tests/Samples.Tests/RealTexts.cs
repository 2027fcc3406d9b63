using System.IO.Compression;
using System.Text.Json;
using Samples.TextAnalysis;

namespace Samples.Tests;

/// <summary>The texts of the folder Data and what they should count to; see its README.</summary>
public static class RealTexts
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Data");

    public static TheoryData<string> Names => [.. Expectations().Select(static expectation => expectation.File)];

    public static IReadOnlyList<ExpectedText> Expectations()
    {
        using var file = File.OpenRead(Path.Combine(Folder, "expected.json"));
        return JsonSerializer.Deserialize<List<ExpectedText>>(file, JsonSerializerOptions.Web)!;
    }

    public static ExpectedText Expectation(string name) => Expectations().Single(expectation => expectation.File == name);

    public static byte[] Bytes(string name)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Folder, name));
        if (!name.EndsWith(".gz", StringComparison.Ordinal))
        {
            return bytes;
        }

        using var text = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        gzip.CopyTo(text);
        return text.ToArray();
    }

    /// <summary>The length that the framework's own stream compresses to.</summary>
    public static long BrotliLength(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var brotli = new BrotliStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            foreach (var piece in bytes.Chunk(8192))
            {
                brotli.Write(piece);
            }
        }

        return compressed.Length;
    }
}

public sealed record ExpectedText(string File, long Bytes, long Words, int DistinctWords, IReadOnlyList<WordCount> Top, string Sha256)
{
    public void ShouldBeWhatWasFound(TextStatistics found, byte[] text)
    {
        found.Bytes.ShouldBe(Bytes);
        found.Words.ShouldBe(Words);
        found.DistinctWords.ShouldBe(DistinctWords);
        found.Top.ShouldBe(Top);
        found.Sha256.ShouldBe(Sha256);
        found.BrotliBytes.ShouldBe(RealTexts.BrotliLength(text));
    }
}
