using System.Text;
using Samples.TextAnalysis;

namespace Samples.Tests.TextAnalysis;

public sealed class TextAnalyzerTests
{
    [Theory]
    [MemberData(nameof(RealTexts.Names), MemberType = typeof(RealTexts))]
    public async Task AnalyzeAsync_RealText_FindsWhatWasCountedIndependently(string name)
    {
        var bytes = RealTexts.Bytes(name);

        var found = await TextAnalyzer.AnalyzeAsync(new MemoryStream(bytes));

        RealTexts.Expectation(name).ShouldBeWhatWasFound(found, bytes);
    }

    [Fact]
    public void RealTexts_AsASet_HoldABookOfAMegabyteAndManyScripts()
    {
        var expectations = RealTexts.Expectations();

        expectations.ShouldContain(static text => text.Bytes >= 1024 * 1024);
        expectations.Count(static text => text.File.StartsWith("udhr-", StringComparison.Ordinal)).ShouldBeGreaterThanOrEqualTo(12);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(4096)]
    [InlineData(1_000_000)]
    public void Append_CutAnywhere_FindsTheSame(int pieceLength)
    {
        // Characters of one, two, three and four bytes.
        var bytes = (byte[])[.. RealTexts.Bytes("udhr-greek.txt"), .. RealTexts.Bytes("udhr-hindi.txt"), .. RealTexts.Bytes("udhr-pular-adlam.txt")];
        var whole = Analyze(bytes);

        var found = Analyze(bytes, pieceLength);

        found.ShouldBeEquivalentTo(whole);
    }

    [Theory]
    [InlineData("", 0, 0)]
    [InlineData(" \t\r\n.,;", 0, 0)]
    [InlineData("one", 1, 1)]
    [InlineData("One one ONE two", 4, 2)]
    [InlineData("it's co-operative", 4, 4)]
    [InlineData("C3PO 007", 2, 2)]
    [InlineData("snake_case", 2, 2)]
    [InlineData("\uFEFFword", 1, 1)]
    [InlineData("ΣΊΣΥΦΟΣ σίσυφοσ", 2, 1)]
    [InlineData("e\u0301te\u0301", 2, 2)]
    [InlineData("\u00E9t\u00E9", 1, 1)]
    [InlineData("\U00010400\U00010428", 1, 1)]
    [InlineData("\U0001F600a\U0001F600", 1, 1)]
    [InlineData("x\u00B2 \u2167 \u0663", 2, 2)]
    [InlineData("İi", 1, 1)]
    public void Analyze_Text_FindsMaximalRunsOfLettersOrDigits(string text, long words, int distinct)
    {
        var found = Analyze(Encoding.UTF8.GetBytes(text));

        (found.Words, found.DistinctWords).ShouldBe((words, distinct));
    }

    [Theory]
    [InlineData("61 FF 62", "a b")]
    [InlineData("61 C3 62", "a b")]
    [InlineData("61 E2 82 62", "a b")]
    [InlineData("61 F0 9F 98 62", "a b")]
    [InlineData("61 ED A0 80 62", "a b")]
    [InlineData("61 C0 AF 62", "a b")]
    [InlineData("61 F4 90 80 80 62", "a b")]
    [InlineData("61 E2 82", "a")]
    [InlineData("61 E2 C3 A9", "a é")]
    public void Analyze_InvalidUtf8_EndsTheWord(string hex, string words)
    {
        var bytes = Convert.FromHexString(hex.Replace(" ", ""));

        foreach (var pieceLength in (int[])[1, 2, 3, 100])
        {
            Analyze(bytes, pieceLength).Top.Select(static top => top.Word).ShouldBe(words.Split(' '));
        }
    }

    [Fact]
    public void Top_MoreThanTwentyWords_IsByCountThenOrdinal()
    {
        var text = string.Concat(Enumerable.Range(0, 100).Select(static i => $"w{i:00} ")) + "zz zz zz yy yy yy Ä ä é é";

        var top = Analyze(Encoding.UTF8.GetBytes(text)).Top;

        top.Count.ShouldBe(20);
        top.Take(5).ShouldBe([new("yy", 3), new("zz", 3), new("ä", 2), new("é", 2), new("w00", 1)]);
        top[^1].ShouldBe(new("w15", 1));
    }

    [Fact]
    public void Top_WordBeyondTheBasicPlane_IsOrderedByUtf16()
    {
        // By scalar value U+FB00 (a ligature, a letter) would come first.
        Analyze(Encoding.UTF8.GetBytes("\uFB00 \U00010428")).Top.Select(static top => top.Word).ShouldBe(["\U00010428", "\uFB00"]);
    }

    [Fact]
    public void Top_TextWithoutSpaces_KeepsOnlyTheBeginningOfTheWord()
    {
        var text = new string('a', WordCount.MaxShownLength - 1) + "\U00010428" + new string('b', 100_000);

        var found = Analyze(Encoding.UTF8.GetBytes(text));

        found.Words.ShouldBe(1);
        found.Top.ShouldBe([new(new string('a', WordCount.MaxShownLength - 1) + "…", 1)]);
    }

    [Fact]
    public void Complete_NoText_IsTheHashOfNothing()
    {
        var found = Analyze([]);

        found.Sha256.ShouldBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        (found.Bytes, found.BrotliBytes).ShouldBe((0, 1));
    }

    [Fact]
    public async Task AnalyzeAsync_Cancelled_Stops()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => TextAnalyzer.AnalyzeAsync(new MemoryStream(new byte[10]), cancelled.Token));
    }

    [Fact]
    public void Append_RepeatedWords_AllocatesNothing()
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("the quick brown φόξ ", 3000)));
        using var analyzer = new TextAnalyzer();
        analyzer.Append(text);

        // The least of several: a collection in between gives the rest of the thread's allocation buffer back, which counts as allocated.
        var least = long.MaxValue;
        for (var round = 0; round < 10; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            analyzer.Append(text);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        least.ShouldBe(0);
    }

    private static TextStatistics Analyze(byte[] bytes, int pieceLength = int.MaxValue)
    {
        using var analyzer = new TextAnalyzer();
        for (var start = 0; start < bytes.Length; start += Math.Min(pieceLength, bytes.Length))
        {
            analyzer.Append(bytes.AsSpan(start, Math.Min(pieceLength, bytes.Length - start)));
        }

        return analyzer.Complete();
    }
}
