using System.Diagnostics.CodeAnalysis;

namespace Architecture.Tests.PublicApi;

public sealed class ApiDumpTests
{
    [Fact]
    public void Of_TypesOfEveryKind_WritesWhatUsersSee()
    {
        const string expected = """
            namespace Architecture.Tests.PublicApi

            public delegate TResult ApiDumpTests.Found<TResult>(string? what, out int where)

            public interface ApiDumpTests.IPair<in TKey, out TValue> where TKey : notnull where TValue : class, new()
                TValue this[TKey key] { get; }
                bool TryGet(TKey key, [NotNullWhen(true)] out string? value)

            public readonly struct ApiDumpTests.Point : IDisposable
                int X { get; }
                void Dispose()

            public abstract class ApiDumpTests.Shape : Exception
                const string Unit = "m"
                protected Shape(string name = "shape")
                string? Label { get; protected set; }
                required string Name { get; init; }
                event EventHandler? Changed
                protected virtual Task<T> Draw<T>(T? item, in int order, Dictionary<string, List<ValueTuple<int, string?>>?> cache)
                override string ToString()

            public enum ApiDumpTests.Sides : byte
                Two = 2
                One = 5

            public sealed record ApiDumpTests.Size
                Size(int Width, string? Label = null)
                string? Label { get; init; }
                int Width { get; init; }

            public static class Maker
                static List<string?> Make(this ApiDumpTests.Shape shape, int? count = null, ApiDumpTests.Sides sides = Sides.Two, CancellationToken cancellationToken = default, params string[] names)

            """;
        var actual = ApiDump.Of([typeof(Shape), typeof(Sides), typeof(IPair<,>), typeof(Found<>), typeof(Point), typeof(Size), typeof(Maker)]);
        LineDiff.Between(expected, actual).ShouldBeEmpty();
    }

    [Fact]
    public void Between_OneChangedMember_ShowsBothLinesUnderTheirType() =>
        LineDiff.Between("class A\n    int B\n    int C\n", "class A\n    int B\n    long C\n    int D\n")
            .ShouldBe("  class A\n-     int C\n+     long C\n+     int D\n");

#pragma warning disable // the specimens above, one of each kind
    public abstract class Shape : Exception
    {
        public const string Unit = "m";
        protected Shape(string name = "shape") { }
        private protected Shape(int hidden) { }
        public required string Name { get; init; }
        public string? Label { get; protected set; }
        internal int Hidden { get; set; }
        public event EventHandler? Changed;
        protected virtual Task<T> Draw<T>(T? item, in int order, Dictionary<string, List<(int, string?)>?> cache) => null!;
        private protected abstract void AlsoHidden();
        public override string ToString() => "";
    }

    public enum Sides : byte { One = 5, Two = 2 }

    public interface IPair<in TKey, out TValue>
        where TKey : notnull
        where TValue : class, new()
    {
        TValue this[TKey key] { get; }
        bool TryGet(TKey key, [NotNullWhen(true)] out string? value);
    }

    public delegate TResult Found<TResult>(string? what, out int where);

    public sealed record Size(int Width, string? Label = null);

    public readonly struct Point : IDisposable
    {
        public int X { get; }
        public void Dispose() { }
    }

    internal static class Hidden { }
#pragma warning restore
}

#pragma warning disable
public static class Maker
{
    public static List<string?> Make(this ApiDumpTests.Shape shape, int? count = null, ApiDumpTests.Sides sides = ApiDumpTests.Sides.Two, CancellationToken cancellationToken = default, params string[] names) => [];
}
