using Runtime.Hosting.Queues;

namespace Runtime.Hosting.Tests.Queues;

public sealed class WorkIdsTests
{
    [Theory]
    [InlineData(0, 1, 1UL)]
    [InlineData(1023, WorkIds.MaxNumber, ulong.MaxValue)]
    [InlineData(513, 0x1234_5678_9ABCL, 0xFEDC_BA98_7654_3210UL)]
    [InlineData(0, 1, 0x8000_0000_0000_0000UL)]
    public void TryTakeApart_OfWhatComposeMade_GivesTheParts(int queue, long number, ulong secret)
    {
        WorkIds.TryTakeApart(WorkIds.Compose(queue, number, secret), out var itsQueue, out var itsNumber, out var itsSecret).ShouldBeTrue();

        (itsQueue, itsNumber, itsSecret).ShouldBe((queue, number, secret));
    }

    [Fact]
    public void Compose_AnyParts_IsAVersion8Uuid()
    {
        var id = WorkIds.Compose(1023, WorkIds.MaxNumber, ulong.MaxValue);

        id.Version.ShouldBe(8);
        (id.Variant & 0b1100).ShouldBe(0b1000);
        WorkIds.Compose(2, 3, 0xABUL).ToString().ShouldBe("00000000-0003-8008-8000-0000000000ab");
    }

    [Fact]
    public void TryTakeApart_OfAForeignId_SaysNo()
    {
        WorkIds.TryTakeApart(Guid.NewGuid(), out _, out _, out _).ShouldBeFalse();
        WorkIds.TryTakeApart(Guid.CreateVersion7(), out _, out _, out _).ShouldBeFalse();
        WorkIds.TryTakeApart(Guid.Empty, out _, out _, out _).ShouldBeFalse();
    }

    [Fact]
    public void Next_ManySecrets_AreDifferentAndNeverZero()
    {
        var source = new SecretSource();

        var secrets = Enumerable.Range(0, 10_000).Select(_ => source.Next()).ToHashSet();

        secrets.Count.ShouldBe(10_000);
        secrets.ShouldNotContain(0UL);
    }
}
