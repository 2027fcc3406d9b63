// What the product's files mean by these names when they are compiled here.
global using Interlocked = Runtime.Core.Concurrency.ModelInterlocked;
global using Lock = Runtime.Core.Concurrency.ModelLock;
global using Stopwatch = Runtime.Core.Concurrency.ModelStopwatch;
global using Thread = Runtime.Core.Concurrency.ModelOsThread;
global using Volatile = Runtime.Core.Concurrency.ModelVolatile;
