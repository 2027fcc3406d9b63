namespace Runtime.Benchmarks.Harness;

/// <summary>Starts contenders, lets them compete, and ends them whatever happens.</summary>
internal static class ContenderSet
{
    public static async Task<TResult> RunAsync<TContender, TResult>(IReadOnlyList<TContender> contenders, Func<IReadOnlyList<TContender>, Task<TResult>> compete)
        where TContender : Contender
    {
        try
        {
            foreach (var contender in contenders)
            {
                await contender.StartAsync();
            }

            return await compete(contenders);
        }
        finally
        {
            foreach (var contender in contenders)
            {
                await contender.DisposeAsync();
            }
        }
    }
}
