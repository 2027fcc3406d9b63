using System.Text;

namespace Architecture.Tests.PublicApi;

/// <summary>A difference of two texts by lines, each shown under the heading it stands under.</summary>
internal static class LineDiff
{
    public static string Between(string before, string after)
    {
        var old = before.Split('\n');
        var now = after.Split('\n');
        var common = LongestCommon(old, now);
        var text = new StringBuilder();
        string? heading = null, shownHeading = null;

        void Write(char sign, string line)
        {
            if (line.StartsWith(' ') && heading != shownHeading)
            {
                text.Append("  ").Append(heading).Append('\n');
                shownHeading = heading;
            }

            text.Append(sign).Append(' ').Append(line).Append('\n');
        }

        for (int i = 0, j = 0; i < old.Length || j < now.Length;)
        {
            if (i < old.Length && j < now.Length && old[i] == now[j])
            {
                heading = old[i].StartsWith(' ') ? heading : old[i];
                i++;
                j++;
            }
            else if (j == now.Length || (i < old.Length && common[i + 1, j] >= common[i, j + 1]))
            {
                Write('-', old[i++]);
            }
            else
            {
                Write('+', now[j++]);
            }
        }

        return text.ToString();
    }

    // common[i, j]: how many lines old[i..] and now[j..] have in common, in order.
    private static int[,] LongestCommon(string[] old, string[] now)
    {
        var common = new int[old.Length + 1, now.Length + 1];
        for (var i = old.Length - 1; i >= 0; i--)
        {
            for (var j = now.Length - 1; j >= 0; j--)
            {
                common[i, j] = old[i] == now[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        return common;
    }
}
