namespace Runtime.Benchmarks.Scheduler;

/// <summary>This project's runtime.</summary>
internal sealed class RuntimeContender(string name, RuntimeSettings settings, Shape shape) : ShapeContender(name, shape)
{
    public const string ContenderName = "ours";

    // Made by StartAsync.
    private RuntimeInstance? _instance;

    public override string Settings => settings.Describe();

    public override async Task StartAsync()
    {
        await base.StartAsync();
        _instance = await RuntimeInstance.StartAsync(settings);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_instance is not null)
        {
            await _instance.DisposeAsync();
        }
    }

    protected override void Prepare() => shape.Prepare(_instance!.Runtime);

    protected override void Run() => shape.RunOn(_instance!.Runtime);
}
