//! Shapes on the runtime of one thread.

use crate::measure::{Settings, Shape};
use tokio::runtime::{Builder, Runtime};

const NUM_SPAWN: usize = 1_000;

pub fn shapes() -> Vec<Shape> {
    let shape = |name, prepare| Shape { name, operations: NUM_SPAWN, repeats: 100, prepare };
    vec![
        shape("current_thread_spawn_many_local", spawn_many_local),
        shape("current_thread_spawn_many_remote_idle", spawn_many_remote_idle),
        shape("current_thread_spawn_many_remote_busy", spawn_many_remote_busy),
    ]
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn spawn_many_local(_: &Settings) -> Box<dyn FnMut()> {
    let rt = runtime();
    let mut handles = Vec::with_capacity(NUM_SPAWN);
    Box::new(move || {
        rt.block_on(async {
            for _ in 0..NUM_SPAWN {
                handles.push(tokio::spawn(async move {}));
            }

            for handle in handles.drain(..) {
                handle.await.unwrap();
            }
        });
    })
}

fn spawn_many_remote_idle(_: &Settings) -> Box<dyn FnMut()> {
    spawn_outside(runtime())
}

/// A task that spawns its successor without end runs besides.
fn spawn_many_remote_busy(_: &Settings) -> Box<dyn FnMut()> {
    fn iter() {
        tokio::spawn(async { iter() });
    }

    let rt = runtime();
    rt.spawn(async { iter() });
    spawn_outside(rt)
}

fn spawn_outside(rt: Runtime) -> Box<dyn FnMut()> {
    let mut handles = Vec::with_capacity(NUM_SPAWN);
    Box::new(move || {
        for _ in 0..NUM_SPAWN {
            handles.push(rt.spawn(async {}));
        }

        rt.block_on(async {
            for handle in handles.drain(..) {
                handle.await.unwrap();
            }
        });
    })
}
