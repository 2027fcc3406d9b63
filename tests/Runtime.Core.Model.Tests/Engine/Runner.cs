namespace Runtime.Core.Model.Tests.Engine;

/// <summary>A real thread that lends itself to one execution after another.</summary>
internal sealed class Runner : IDisposable
{
    // What to do at the next turn; null ends the thread.
    private Action? _job;

    public Runner(int index) =>
        new System.Threading.Thread(Main) { IsBackground = true, Name = $"model-{index}" }.UnsafeStart();

    public Baton Baton { get; } = new();

    /// <summary>Sets what runs when the baton is given. The thread waits for it.</summary>
    public void Prepare(Action job) => _job = job;

    public void Dispose()
    {
        _job = null;
        Baton.Give();
    }

    private void Main()
    {
        while (true)
        {
            Baton.Take();
            if (_job is not { } job)
            {
                return;
            }

            job();
        }
    }
}
