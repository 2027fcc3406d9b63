using System.Globalization;
using Runtime.Hosting.Metrics;

namespace Runtime.Hosting.Tests.Metrics;

public sealed class PrometheusTextTests
{
    private const double Infinity = double.PositiveInfinity;

    [Fact]
    public void Write_Counter_HasHelpTypeAndSeries() => Written(Family("a_total", FamilyType.Counter, "What it is.", ("x=\"1\"", new(3)), ("", new(2.5)))).ShouldBe(
        """
        # HELP a_total What it is.
        # TYPE a_total counter
        a_total 2.5
        a_total{x="1"} 3

        """);

    [Fact]
    public void Write_Histogram_BucketsAreCumulativeAndEndInInfinity() => Written(
        Family("h_seconds", FamilyType.Histogram, "H.", ("q=\"a\"", new(1.5, [(0.1, 2), (1, 0), (Infinity, 3)])), ("", new(0, [(Infinity, 0)])))).ShouldBe(
        """
        # HELP h_seconds H.
        # TYPE h_seconds histogram
        h_seconds_bucket{le="+Inf"} 0
        h_seconds_sum 0
        h_seconds_count 0
        h_seconds_bucket{q="a",le="0.1"} 2
        h_seconds_bucket{q="a",le="1"} 2
        h_seconds_bucket{q="a",le="+Inf"} 5
        h_seconds_sum{q="a"} 1.5
        h_seconds_count{q="a"} 5

        """);

    [Theory]
    [InlineData("depth", "gauge")]
    [InlineData("thread_count", "untyped")]
    [InlineData("things_total", "untyped")]
    [InlineData("the_sum", "untyped")]
    [InlineData("the_bucket", "untyped")]
    public void Write_Level_IsAGauge_UnlessItsNameBelongsToAnotherType(string name, string type) =>
        Written(Family(name, FamilyType.Gauge, "G.", ("", new(1)))).ShouldContain($"# TYPE {name} {type}\n");

    [Fact]
    public void Write_SpecialCharacters_AreEscaped()
    {
        var labels = PrometheusText.Labels([new("path", "C:\\x\n\"y\"")]);

        Written(Family("a", FamilyType.Gauge, "one\\two\nthree \"four\"", (labels, new(1)))).ShouldBe(
            "# HELP a one\\\\two\\nthree \"four\"\n# TYPE a gauge\na{path=\"C:\\\\x\\n\\\"y\\\"\"} 1\n");
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(-1.5, "-1.5")]
    [InlineData(123456789012, "123456789012")]
    [InlineData(1e21, "1E+21")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(Infinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    public void Write_Number_IsWhatGoReads(double value, string text) => Written(Family("a", FamilyType.Gauge, "A.", ("", new(value)))).ShouldEndWith($"a {text}\n");

    [Fact]
    public void Write_AnyOrderAndCulture_GivesTheSameText()
    {
        var families = new[] { Family("b", FamilyType.Gauge, "B.", ("x=\"2\"", new(0.5)), ("x=\"1\"", new(1.5))), Family("a", FamilyType.Gauge, "A.", ("", new(1))) };
        var before = CultureInfo.CurrentCulture;
        var invariant = Written(families);
        var german = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        german.NumberFormat.NumberDecimalSeparator = ",";
        try
        {
            CultureInfo.CurrentCulture = german;
            Written([.. families.Reverse()]).ShouldBe(invariant);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Labels_OfAnyType_AreSortedAndShown() => PrometheusText.Labels(
        [new("z", 1.5), new("a", true), new("n", null), new("e", TypeCode.Int32), new("l", new[] { "x", "y" }), new("b.c", "1"), new("b_c", "2")])
        .ShouldBe("a=\"true\",b_c=\"1;2\",e=\"Int32\",l=\"x,y\",n=\"\",z=\"1.5\"");

    [Fact]
    public void Document_TwoInstrumentsOfOneName_KeepOneType()
    {
        var document = new MetricDocument();
        document.Add("m", "a.b", null, "first", FamilyType.Gauge, [], new(1));
        document.Add("m", "a_b", null, "second", FamilyType.Histogram, [], new(2, [(Infinity, 1)]));

        document.Write().ShouldBe("# HELP a_b first\n# TYPE a_b gauge\na_b 1\n");
    }

    [Fact]
    public void Document_TwoMetersWithOneName_AreToldApart()
    {
        var document = new MetricDocument();
        document.Add("m1", "hits", null, "", FamilyType.Counter, [], new(1));
        document.Add("m2", "hits", null, "", FamilyType.Counter, [], new(2));

        document.Write().ShouldBe("# HELP hits_total The instrument hits of the meter m1.\n# TYPE hits_total counter\nhits_total 1\nhits_total{otel_scope_name=\"m2\"} 2\n");
    }

    [Fact]
    public void Document_SameSeriesTwice_IsAddedUp_NeverDoubled()
    {
        var document = new MetricDocument();
        document.Add("m", "a.b", null, "A.", FamilyType.Counter, [], new(1));
        document.Add("m", "a_b", null, "A.", FamilyType.Counter, [], new(2));
        document.Add("m", "g", null, "G.", FamilyType.Gauge, [], new(1));
        document.Add("m", "g", null, "G.", FamilyType.Gauge, [], new(5));
        document.Add("m", "h", "ms", "H.", FamilyType.Histogram, [], new(1000, [(10, 1), (Infinity, 1)]));
        document.Add("m", "h", "ms", "H.", FamilyType.Histogram, [], new(1000, [(10, 2), (Infinity, 0)]));

        var text = document.Write();

        text.ShouldContain("\na_b_total 3\n");
        text.ShouldContain("\ng 5\n");
        text.ShouldContain("\nh_seconds_bucket{le=\"0.01\"} 3\nh_seconds_bucket{le=\"+Inf\"} 4\nh_seconds_sum 2\nh_seconds_count 4\n");
    }

    private static MetricFamily Family(string name, FamilyType type, string help, params (string Labels, MetricSeries Series)[] series)
    {
        var family = new MetricFamily(name, type, help);
        foreach (var (labels, one) in series)
        {
            family.Add(labels, one);
        }

        return family;
    }

    private static string Written(params MetricFamily[] families) => PrometheusText.Write(families);
}
