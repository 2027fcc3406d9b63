namespace Runtime.Hosting;

/// <summary>The arguments of a job that needs none: <c>IJob&lt;NoArguments&gt;</c>.</summary>
public sealed record NoArguments
{
    /// <summary>The one value.</summary>
    public static NoArguments Value { get; } = new();
}
