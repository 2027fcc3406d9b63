namespace Architecture.Tests.Structure;

public sealed class StaticStateTests
{
    [Theory]
    [MemberData(nameof(ProductAssemblies.Names), MemberType = typeof(ProductAssemblies))]
    public void Assembly_ItsStaticFields_HoldNoState(string assembly) =>
        StaticState.Violations(ProductAssemblies.ByName(assembly).GetTypes()).ShouldBeEmpty();

    [Fact]
    public void Violations_EveryKindOfSharedState_AreFound() =>
        StaticState.Violations([typeof(Culprit)]).Select(static text => text.Split(':')[0].Split('.')[^1])
            .ShouldBe(["<Setting>k__BackingField", "Counter", "Names"], ignoreOrder: true);

#pragma warning disable CA2211, CS0649, MA0069 // the culprits the test is about
    private static class Culprit
    {
        public const int Constant = 1;
        public static readonly string Text = "fixed";
        public static readonly Func<int, int> Lambda = static number => number + 1;
        public static readonly List<string> Names = [];
        [ThreadStatic]
        public static int PerThread;
        public static int Counter;
        public static int Setting { get; set; }
    }
#pragma warning restore CA2211, CS0649, MA0069
}
