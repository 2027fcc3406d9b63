//! Shapes on the multi-threaded runtime. The bodies are those of Tokio's benches; only the number of workers is an argument.

use crate::measure::{Settings, Shape};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{mpsc, Arc};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

const NUM_SPAWN: usize = 10_000;
const NUM_SPAWN_BUSY2: usize = 1_000;
const NUM_PINGS: usize = 1_000;
const NUM_CHAIN: usize = 1_000;
const TASKS: usize = 200;
const NUM_YIELD: usize = 1_000;
const STALL: Duration = Duration::from_micros(10);

pub fn shapes() -> Vec<Shape> {
    let shape = |name, operations, repeats, prepare| Shape { name, operations, repeats, prepare };
    vec![
        shape("spawn_from_worker", NUM_SPAWN, 20, spawn_from_worker),
        shape("spawn_many_local", NUM_SPAWN, 20, spawn_many_local),
        shape("spawn_many_remote_idle", NUM_SPAWN, 20, spawn_many_remote_idle),
        shape("spawn_many_remote_busy1", NUM_SPAWN, 1, spawn_many_remote_busy1),
        shape("spawn_many_remote_busy2", NUM_SPAWN_BUSY2, 1, spawn_many_remote_busy2),
        shape("yield_many", TASKS * NUM_YIELD, 1, yield_many),
        shape("ping_pong", NUM_PINGS, 50, ping_pong),
        shape("chained_spawn", NUM_CHAIN, 100, chained_spawn),
        shape("spawn_result", NUM_SPAWN, 20, spawn_result),
    ]
}

fn runtime(settings: &Settings) -> Runtime {
    Builder::new_multi_thread().worker_threads(settings.workers).enable_all().build().unwrap()
}

fn stall() {
    let now = Instant::now();
    while now.elapsed() < STALL {
        std::thread::yield_now();
    }
}

/// Not one of Tokio's: a task, on a worker, spawns all the others.
fn spawn_from_worker(settings: &Settings) -> Box<dyn FnMut()> {
    let rt = runtime(settings);
    let (tx, rx) = mpsc::sync_channel(1_000);
    let rem = Arc::new(AtomicUsize::new(0));
    Box::new(move || {
        rem.store(NUM_SPAWN, Relaxed);
        let (tx, rem) = (tx.clone(), rem.clone());
        rt.spawn(async move {
            for _ in 0..NUM_SPAWN {
                let (tx, rem) = (tx.clone(), rem.clone());
                tokio::spawn(async move {
                    if rem.fetch_sub(1, Relaxed) == 1 {
                        tx.send(()).unwrap();
                    }
                });
            }
        });
        rx.recv().unwrap();
    })
}

fn spawn_many_local(settings: &Settings) -> Box<dyn FnMut()> {
    let rt = runtime(settings);
    let (tx, rx) = mpsc::sync_channel(1_000);
    let rem = Arc::new(AtomicUsize::new(0));
    Box::new(move || {
        rem.store(NUM_SPAWN, Relaxed);
        rt.block_on(async {
            for _ in 0..NUM_SPAWN {
                let (tx, rem) = (tx.clone(), rem.clone());
                tokio::spawn(async move {
                    if rem.fetch_sub(1, Relaxed) == 1 {
                        tx.send(()).unwrap();
                    }
                });
            }

            rx.recv().unwrap();
        });
    })
}

fn spawn_many_remote_idle(settings: &Settings) -> Box<dyn FnMut()> {
    spawn_and_await(runtime(settings), NUM_SPAWN)
}

/// The workers are busy with tasks that burn processor time and yield.
fn spawn_many_remote_busy1(settings: &Settings) -> Box<dyn FnMut()> {
    let rt = runtime(settings);
    let flag = Arc::new(AtomicBool::new(true));
    for _ in 0..(2 * settings.workers) {
        let flag = flag.clone();
        rt.spawn(async move {
            while flag.load(Relaxed) {
                tokio::task::yield_now().await;
                stall();
            }
        });
    }

    spawn_and_await(rt, NUM_SPAWN)
}

/// The workers are busy with tasks that burn processor time and spawn their successors.
fn spawn_many_remote_busy2(settings: &Settings) -> Box<dyn FnMut()> {
    fn iter(flag: Arc<AtomicBool>) {
        tokio::spawn(async {
            if flag.load(Relaxed) {
                stall();
                iter(flag);
            }
        });
    }

    let rt = runtime(settings);
    let flag = Arc::new(AtomicBool::new(true));
    for _ in 0..settings.workers {
        let flag = flag.clone();
        rt.spawn(async { iter(flag) });
    }

    spawn_and_await(rt, NUM_SPAWN_BUSY2)
}

fn spawn_and_await(rt: Runtime, count: usize) -> Box<dyn FnMut()> {
    let mut handles = Vec::with_capacity(count);
    Box::new(move || {
        for _ in 0..count {
            handles.push(rt.spawn(async {}));
        }

        rt.block_on(async {
            for handle in handles.drain(..) {
                handle.await.unwrap();
            }
        });
    })
}

fn yield_many(settings: &Settings) -> Box<dyn FnMut()> {
    let rt = runtime(settings);
    let (tx, rx) = mpsc::sync_channel(TASKS);
    Box::new(move || {
        for _ in 0..TASKS {
            let tx = tx.clone();
            rt.spawn(async move {
                for _ in 0..NUM_YIELD {
                    tokio::task::yield_now().await;
                }

                tx.send(()).unwrap();
            });
        }

        for _ in 0..TASKS {
            rx.recv().unwrap();
        }
    })
}

fn ping_pong(settings: &Settings) -> Box<dyn FnMut()> {
    let rt = runtime(settings);
    let (done_tx, done_rx) = mpsc::sync_channel(1_000);
    let rem = Arc::new(AtomicUsize::new(0));
    Box::new(move || {
        let (done_tx, rem) = (done_tx.clone(), rem.clone());
        rem.store(NUM_PINGS, Relaxed);
        rt.block_on(async {
            tokio::spawn(async move {
                for _ in 0..NUM_PINGS {
                    let (done_tx, rem) = (done_tx.clone(), rem.clone());
                    tokio::spawn(async move {
                        let (tx1, rx1) = oneshot::channel();
                        let (tx2, rx2) = oneshot::channel();
                        tokio::spawn(async move {
                            rx1.await.unwrap();
                            tx2.send(()).unwrap();
                        });

                        tx1.send(()).unwrap();
                        rx2.await.unwrap();
                        if rem.fetch_sub(1, Relaxed) == 1 {
                            done_tx.send(()).unwrap();
                        }
                    });
                }
            });

            done_rx.recv().unwrap();
        });
    })
}

fn chained_spawn(settings: &Settings) -> Box<dyn FnMut()> {
    fn iter(done_tx: mpsc::SyncSender<()>, n: usize) {
        if n == 0 {
            done_tx.send(()).unwrap();
        } else {
            tokio::spawn(async move { iter(done_tx, n - 1) });
        }
    }

    let rt = runtime(settings);
    let (done_tx, done_rx) = mpsc::sync_channel(1_000);
    Box::new(move || {
        let done_tx = done_tx.clone();
        rt.block_on(async {
            tokio::spawn(async move { iter(done_tx, NUM_CHAIN) });
            done_rx.recv().unwrap();
        });
    })
}

/// Not one of Tokio's: tasks with a result.
fn spawn_result(settings: &Settings) -> Box<dyn FnMut()> {
    let rt = runtime(settings);
    let mut handles = Vec::with_capacity(NUM_SPAWN);
    Box::new(move || {
        for _ in 0..NUM_SPAWN {
            handles.push(rt.spawn(async { 1usize }));
        }

        let sum = rt.block_on(async {
            let mut sum = 0;
            for handle in handles.drain(..) {
                sum += handle.await.unwrap();
            }

            sum
        });
        assert_eq!(sum, NUM_SPAWN);
    })
}
