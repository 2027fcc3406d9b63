using Runtime.Core.Model.Tests.Engine;
using Xunit.Abstractions;

namespace Runtime.Core.Model.Tests.Litmus;

/// <summary>The engine takes shortcuts; a machine that takes none agrees with it.</summary>
public sealed class ReferenceTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(2, 4, 300)]
    [InlineData(3, 3, 15)]
    public void RandomPrograms_OnStoreBuffers_HaveTheOutcomesOfTheReference(int threads, int length, int programs)
    {
        var seed = new ModelOptions().Seed;
        var random = new Random(seed);
        int outcomes = 0, executions = 0;
        for (var i = 0; i < programs; i++)
        {
            var program = SmallProgram.Create(random, threads, length);
            var reference = new ReferenceMachine(program);
            reference.Run();

            executions += Outcomes(program, MemoryKind.StoreBuffer, out var found);

            var text = $"seed {seed}, program {i}: {string.Join(" || ", program.Select(static thread => string.Join("; ", thread.Select(static step => step.ToString()))))}";
            reference.Outcomes.Except(found).ShouldBeEmpty(text);
            found.Except(reference.Outcomes).ShouldBeEmpty(text);
            outcomes += found.Count;
        }

        output.WriteLine($"seed {seed}: {programs} programs, {outcomes} outcomes, {executions} executions");
    }

    [Fact]
    public void RandomPrograms_OnWeakMemory_HaveAtLeastTheOutcomesOfTheReference()
    {
        var seed = new ModelOptions().Seed;
        var random = new Random(seed);
        for (var i = 0; i < 100; i++)
        {
            var program = SmallProgram.Create(random, threads: 2, length: 3);
            var reference = new ReferenceMachine(program);
            reference.Run();

            Outcomes(program, MemoryKind.Weak, out var found);

            reference.Outcomes.Except(found).ShouldBeEmpty($"seed {seed}, program {i}");
        }
    }

    private static int Outcomes(Instruction[][] program, MemoryKind memory, out HashSet<string> outcomes)
    {
        var found = outcomes = [];
        var options = new ModelOptions { Memory = memory, Preemptions = 100, MostOverlooked = 100, MostExecutions = 1_000_000 };
        var result = new Explorer("SmallProgram", () => new SmallProgram(program, found), options).Run();
        result.Failure.ShouldBeNull();
        result.IsComplete.ShouldBeTrue();
        return result.Executions;
    }
}
