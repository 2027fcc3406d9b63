namespace Runtime.Core;

// The runtime as one of the places that work can be started on.
public sealed partial class AsyncRuntime : ITaskSpawner;
