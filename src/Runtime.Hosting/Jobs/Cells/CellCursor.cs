using System.Globalization;

namespace Runtime.Hosting.Jobs;

/// <summary>Where the next page of a list begins in each cell: a number, the beginning or the end for each, with a dot between.</summary>
internal static class CellCursor
{
    public const string End = "-";
    private const char Separator = '.';
    private const string Beginning = "";

    public static string[] Read(string? from, int cells) =>
        from is null ? [.. Enumerable.Repeat(Beginning, cells)] : IsValid(from, cells) ? from.Split(Separator) : throw new ArgumentException($"From is '{JobRules.Shown(from)}'; it must be what the page before gave as Next.", nameof(from));

    public static string Write(string[] places) => string.Join(Separator, places);

    public static string After(long row) => row.ToString(CultureInfo.InvariantCulture);

    public static bool IsEnd(string place) => place == End;

    /// <summary>The place as the cell's own store takes it.</summary>
    public static string? InCell(string place) => place.Length == 0 ? null : place;

    public static bool IsValid(string from, int cells)
    {
        var places = from.Split(Separator);
        return places.Length == cells && Array.TrueForAll(places, static place => place is Beginning or End || long.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out _));
    }
}
