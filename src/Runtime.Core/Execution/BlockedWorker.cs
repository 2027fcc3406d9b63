namespace Runtime.Core.Execution;

/// <summary>A worker that user code blocks.</summary>
/// <param name="Worker">The name of its thread.</param>
/// <param name="Item">What the item is called.</param>
/// <param name="Duration">For how long, at least.</param>
internal sealed record BlockedWorker(string Worker, string Item, TimeSpan Duration);
