using Runtime.Core.Model.Tests.Engine;
using Xunit.Abstractions;

namespace Runtime.Core.Model.Tests.Litmus;

/// <summary>The engine finds what it is there to find.</summary>
public sealed class EngineTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(MemoryKind.StoreBuffer)]
    [InlineData(MemoryKind.Weak)]
    public void Lock_AroundAPlainCounter_LosesNothing(MemoryKind memory) => Explore.Passes<CountingUnderLock>(output, memory);

    [Theory]
    [InlineData(MemoryKind.StoreBuffer)]
    [InlineData(MemoryKind.Weak)]
    public void LoadAndStore_OfACounter_LoseAnAddition(MemoryKind memory) =>
        Explore.Fails<CountingInTwoSteps>(memory).ShouldStartWith("an addition was lost");

    [Fact]
    public void TwoLocks_InTwoOrders_AreADeadlock() =>
        Explore.Fails<Embrace>(MemoryKind.StoreBuffer).ShouldStartWith("deadlock: a waits for a lock, b waits for a lock");

    [Fact]
    public void Loop_ThatNobodyEnds_IsALivelock() => Explore.Fails<WaitingForNobody>(MemoryKind.StoreBuffer).ShouldStartWith("livelock");

    [Theory]
    [InlineData(MemoryKind.StoreBuffer)]
    [InlineData(MemoryKind.Weak)]
    public void Loop_ThatAnotherThreadEnds_Ends(MemoryKind memory) => Explore.Passes<WaitingForAnother>(output, memory);

    [Theory]
    [InlineData(MemoryKind.StoreBuffer)]
    [InlineData(MemoryKind.Weak)]
    public void TreiberStack_NodesUsedOnce_IsRight(MemoryKind memory) => Explore.Passes<TreiberStack.FreshNodes>(output, memory);

    [Theory]
    [InlineData(MemoryKind.StoreBuffer)]
    [InlineData(MemoryKind.Weak)]
    public void TreiberStack_NodesUsedAgain_HasTheAbaProblem(MemoryKind memory)
    {
        var failure = Explore.Fails<TreiberStack.UsedNodes>(memory);

        output.WriteLine(failure);
        failure.ShouldStartWith("popped ");
    }

    [Fact]
    public void Failure_OfAScenario_ShowsTheStepsAndHowToRepeatThem()
    {
        var failure = Explore.Fails<StoreBuffering.Bare>(MemoryKind.StoreBuffer);

        failure.ShouldContain("store              x");
        failure.ShouldContain("StoreBuffering.cs:");
        var token = ReplayToken.Parse(failure.Split("MODEL_REPLAY='")[1].TrimEnd('\''), new ModelOptions())!;
        token.Name.ShouldBe("Bare");
        Explore.Repeat<StoreBuffering.Bare>(token).ShouldStartWith("neither saw the other");
    }

    [Fact]
    public void Random_ManyExecutions_FindTheSame()
    {
        var options = new ModelOptions { MostExecutions = 0, RandomExecutions = 2_000 };

        Explore.Fails<TreiberStack.UsedNodes>(MemoryKind.Weak, options).ShouldContain("popped ");
        Explore.Passes<TreiberStack.FreshNodes>(output, MemoryKind.Weak, options);
    }
}
