using Runtime.Core.Topology;

namespace Runtime.Core.Tests.Topology;

public sealed class ProcessorSetTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("0", "0")]
    [InlineData("0-3,8,10-11", "0-3,8,10-11")]
    [InlineData("8,1,0,1", "0-1,8")]
    public void Parse_ListFormat_IsWrittenBack(string text, string expected) => ProcessorSet.Parse(text)!.ToString().ShouldBe(expected);

    [Theory]
    [InlineData("x")]
    [InlineData("3-1")]
    [InlineData("-1")]
    [InlineData("0-99999999")]
    public void Parse_SomethingElse_IsNull(string text) => ProcessorSet.Parse(text).ShouldBeNull();

    [Fact]
    public void ToMask_HasABitForEach() => ProcessorSet.Parse("0,63-64,130")!.ToMask().ShouldBe([(1UL << 63) | 1, 1, 4]);
}
