using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Runtime.Hosting.Tuning;

namespace Runtime.Hosting.Tests.Tuning;

public sealed class RequestWatchTests
{
    [Fact]
    public void Requests_OfThisContainer_AreAddedUp_AndNobodyElses()
    {
        using var ours = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var others = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = ours.GetRequiredService<IMeterFactory>();
        var before = Duration(factory);
        using var watch = new RequestWatch(factory);

        before.Record(0.25);
        Duration(factory).Record(0.5);
        Duration(others.GetRequiredService<IMeterFactory>()).Record(3);
        factory.Create(RequestWatch.MeterName).CreateHistogram<double>("something.else").Record(3);

        watch.Read().ShouldBe((2, TimeSpan.FromSeconds(0.75)));
    }

    [Fact]
    public void AConnectionThatIsKeptOpen_CountsAsTenSeconds()
    {
        using var provider = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = provider.GetRequiredService<IMeterFactory>();
        using var watch = new RequestWatch(factory);

        Duration(factory).Record(3600);

        watch.Read().ShouldBe((1, TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void Disposed_ListensNoMore()
    {
        using var provider = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var duration = Duration(provider.GetRequiredService<IMeterFactory>());
        using (new RequestWatch(provider.GetRequiredService<IMeterFactory>()))
        {
            duration.Enabled.ShouldBeTrue();
        }

        duration.Enabled.ShouldBeFalse();
    }

    private static Histogram<double> Duration(IMeterFactory factory) => factory.Create(RequestWatch.MeterName).CreateHistogram<double>(RequestWatch.InstrumentName, "s");
}
