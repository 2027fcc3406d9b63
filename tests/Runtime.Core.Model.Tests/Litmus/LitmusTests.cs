using Runtime.Core.Model.Tests.Engine;
using Xunit.Abstractions;

namespace Runtime.Core.Model.Tests.Litmus;

/// <summary>The memories allow what their processors allow, and nothing else.</summary>
public sealed class LitmusTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(MemoryKind.StoreBuffer)]
    [InlineData(MemoryKind.Weak)]
    public void StoreBuffering_WithoutFence_NeitherSeesTheOther(MemoryKind memory)
    {
        var failure = Explore.Fails<StoreBuffering.Bare>(memory);

        output.WriteLine(failure);
        failure.ShouldStartWith("neither saw the other");
    }

    [Theory]
    [InlineData(MemoryKind.StoreBuffer)]
    [InlineData(MemoryKind.Weak)]
    public void StoreBuffering_WithOneFence_IsNotEnough(MemoryKind memory) =>
        Explore.Fails<StoreBuffering.FencedOnOneSide>(memory).ShouldStartWith("neither saw the other");

    [Theory]
    [InlineData(MemoryKind.StoreBuffer)]
    [InlineData(MemoryKind.Weak)]
    public void StoreBuffering_WithFences_OneSeesTheOther(MemoryKind memory)
    {
        Explore.Passes<StoreBuffering.Fenced>(output, memory);
        Explore.Passes<StoreBuffering.Interlocked>(output, memory);
    }

    [Theory]
    [InlineData(MemoryKind.StoreBuffer)]
    [InlineData(MemoryKind.Weak)]
    public void StoreBuffering_WithAProcessWideFenceOnOneSide_OneSeesTheOther(MemoryKind memory) =>
        Explore.Passes<StoreBuffering.FencedByTheOther>(output, memory);

    [Theory]
    [InlineData(MemoryKind.StoreBuffer)]
    [InlineData(MemoryKind.Weak)]
    public void MessagePassing_ReleaseAndAcquire_BringTheData(MemoryKind memory)
    {
        Explore.Passes<MessagePassing>(output, memory);
        Explore.Passes<MessagePassing.OfCell>(output, memory);
        Explore.Passes<Causality>(output, memory);
        Explore.Passes<Coherence>(output, memory);
    }

    [Theory]
    [InlineData(MemoryKind.StoreBuffer)]
    [InlineData(MemoryKind.Weak)]
    public void Cell_ReadWithoutAsking_IsARace(MemoryKind memory) =>
        Explore.Fails<MessagePassing.OfCellUnasked>(memory).ShouldStartWith("race: ");

    [Fact]
    public void IndependentReads_OnX64_Agree() => Explore.Passes<IndependentReads.Bare>(output, MemoryKind.StoreBuffer);

    [Fact]
    public void IndependentReads_OnWeakMemory_NeedFencesToAgree()
    {
        Explore.Fails<IndependentReads.Bare>(MemoryKind.Weak).ShouldStartWith("the readers disagree");
        Explore.Passes<IndependentReads.Fenced>(output, MemoryKind.Weak);
    }
}
