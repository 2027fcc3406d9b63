namespace Runtime.Core.Tests.Stress;

/// <summary>Where batons are submitted. A test puts a faulty one in its place.</summary>
internal class RuntimePort(AsyncRuntime runtime)
{
    public AsyncRuntime Runtime => runtime;

    /// <summary>Submits a baton that has been passed.</summary>
    public virtual void Post(Baton baton) => runtime.Post(baton);
}
