using System.Diagnostics.CodeAnalysis;

namespace Runtime.Core.Model.Tests.Engine;

/// <summary>One run of a scenario: its threads take turns, one step at a time, as the strategy says.</summary>
/// <remarks>The threads are real ones, but only the one that holds the baton runs; so nothing here needs a lock.</remarks>
internal sealed partial class Execution
{
    // The execution that this thread is part of.
    [ThreadStatic]
    private static Execution? _current;

    private readonly Strategy _strategy;
    private readonly Runner[] _runners;
    private readonly Baton _ended = new();

    // The scenario; null while its constructor runs.
    private Scenario? _scenario;

    // Set by whoever ends the execution early; every thread then unwinds.
    private bool _unwinding;

    private int _steps;

    public Execution(ModelOptions options, Strategy strategy, Runner[] runners, Mutator? mutator, TraceLog? log)
    {
        Options = options;
        _strategy = strategy;
        _runners = runners;
        Mutator = mutator;
        Log = log;
        Running = new ModelThread(0, "main");
        Threads.Add(Running);
        Memory = options.Memory == MemoryKind.StoreBuffer ? new StoreBufferMemory(this) : new WeakMemory(this);
    }

    public static Execution Current => _current ?? throw new InvalidOperationException("Atomic words of the model live inside a scenario only.");

    public ModelOptions Options { get; }

    /// <summary>Threads that the code under test has started during the set-up.</summary>
    public List<(string Name, Action Body)> StartedBodies { get; } = [];

    public Memory Memory { get; }

    public List<ModelThread> Threads { get; } = [];

    public List<Location> Locations { get; } = [];

    /// <summary>The thread whose turn it is.</summary>
    public ModelThread Running { get; private set; }

    public Mutator? Mutator { get; }

    public TraceLog? Log { get; }

    /// <summary>Identifies everything that has happened, whatever the order of steps that do not concern each other.</summary>
    public ulong Signature { get; private set; }

    /// <summary>How often a thread that could have gone on had to give way.</summary>
    public int Preemptions { get; private set; }

    /// <summary>How often the memory did not do what it does first.</summary>
    public int Deviations { get; private set; }

    public string? Failure { get; private set; }

    /// <summary>Whether it was given up because everything from here on has been seen.</summary>
    public bool WasPruned { get; private set; }

    public bool IsUnwinding => _unwinding;

    public int Steps => _steps;

    public void Run(Func<Scenario> factory)
    {
        _current = this;
        try
        {
            _scenario = factory();
            Memory.SettleAll();
            Start(_scenario);
            if (Failure is null && !WasPruned)
            {
                _unwinding = false;
                Finish(_scenario);
            }
        }
        catch (UnwindException)
        {
            // Recorded where it was thrown.
        }
        catch (Exception exception) when (Failure is null)
        {
            Failure = Describe(exception);
        }
        finally
        {
            if (Failure is not null && Log is not null && _scenario is not null)
            {
                LocationNames.Find(_scenario);
            }

            _current = null;
        }
    }

    /// <summary>Ends the execution as a failed one.</summary>
    [DoesNotReturn]
    public void Fail(string reason)
    {
        Failure ??= reason;
        _unwinding = true;
        throw new UnwindException();
    }

    /// <summary>Adds a word.</summary>
    /// <returns>Its number.</returns>
    public int Register(Location location)
    {
        Locations.Add(location);
        return Locations.Count - 1;
    }

    /// <summary>Counts an event of a thread.</summary>
    public void Record(ModelThread thread, ulong hash)
    {
        thread.Hash = hash;
        thread.Clock.Tick(thread.Index);
        Signature += hash;
    }

    /// <summary>Counts an event that is no thread's.</summary>
    public void Record(ulong hash) => Signature += hash;

    /// <summary>Leaves a decision of the memory to the strategy; 0 is what happens when nothing is out of the ordinary.</summary>
    public int Choose(int count)
    {
        if (count == 1 || (_strategy.IsBounded && Deviations >= Options.Deviations))
        {
            return 0;
        }

        var choice = _strategy.Choose(count);
        Deviations += choice > 0 ? 1 : 0;
        return choice;
    }

    /// <summary>Lets a scenario decide something both ways.</summary>
    public int ChooseFreely(int count)
    {
        var choice = count == 1 ? 0 : _strategy.Choose(count);
        Record(Running, Hashing.Mix(Running.Hash, (ulong)choice, 'C'));
        return choice;
    }

    private static string Describe(Exception exception) => $"{exception.GetType().Name}: {exception.Message}\n{exception.StackTrace}";

    private void Start(Scenario scenario)
    {
        var main = Running;
        foreach (var (name, body) in StartedBodies.Concat(scenario.Bodies))
        {
            var thread = new ModelThread(Threads.Count, name);
            thread.Inherit(main);
            thread.Clock.Tick(thread.Index); // its own first steps are nobody else's yet
            Threads.Add(thread);
            _runners[thread.Index - 1].Prepare(() => RunBody(thread, body));
        }

        main.IsFinished = true;
        if (PickNext(null) is { } first)
        {
            PassTo(first);
            _ended.Take();
        }
    }

    private void RunBody(ModelThread thread, Action body)
    {
        _current = this;
        try
        {
            if (!_unwinding)
            {
                body();
            }
        }
        catch (UnwindException)
        {
            // Recorded where it was thrown.
        }
        catch (Exception exception)
        {
            if (!_unwinding)
            {
                Failure = Describe(exception);
                _unwinding = true;
            }
        }

        _current = null;
        thread.IsFinished = true;
        var next = _unwinding ? null : PickNext(null);
        if (_unwinding)
        {
            next = Threads.Find(static other => other.IsStarted && !other.IsFinished); // it unwinds too
        }

        if (next is null)
        {
            _ended.Give();
        }
        else
        {
            PassTo(next);
        }
    }

    private void Finish(Scenario scenario)
    {
        var main = Threads[0];
        Running = main;
        Memory.SettleAll();
        foreach (var thread in Threads)
        {
            main.Clock.Join(thread.Clock);
        }

        scenario.Check();
    }
}
