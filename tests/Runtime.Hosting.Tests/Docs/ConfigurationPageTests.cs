using Runtime.Core;
using Runtime.Hosting.Configuration;

namespace Runtime.Hosting.Tests.Docs;

public sealed class ConfigurationPageTests
{
    [Fact]
    public void Table_IsTheTableOfTheCode()
    {
        var documented = MarkdownTable.Rows("configuration.md", "Key").Select(static row => string.Join(" | ", row.Take(5)));

        documented.ShouldBe(
            ConfigurationKeys.All.Select(static rule => Row(rule, ""))
                .SelectMany(static row => row.StartsWith("Jobs:MaxConcurrency", StringComparison.Ordinal)
                    ? ConfigurationKeys.OfOneQueue.Select(static rule => Row(rule, "Queues:NAME:")).Append(row)
                    : [row]));
    }

    [Fact]
    public void Table_SaysWhatEveryKeyDoes() =>
        MarkdownTable.Rows("configuration.md", "Key").ShouldAllBe(static row => row.Length == 6 && row[5].EndsWith('.'));

    private static string Row<TOptions>(OptionRule<TOptions> rule, string prefix) =>
        $"{prefix}{rule.Key} | {rule.Type} | {rule.Default} | {rule.Range} | {(rule.AtStartOnly ? "start" : "reload")}";
}
