//! Timers: arm, cancel, re-arm and fire, by one task on a worker, as the C# side of `-- timers` does it.

use crate::measure::{Settings, Shape};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, Instant, Sleep};

const MANY: usize = 100_000;
const MILLION: usize = 1_000_000;
const SLEEPERS: usize = 10_000;
const TURNS: usize = 20;

pub fn shapes() -> Vec<Shape> {
    let shape = |name, operations, repeats, prepare| Shape { name, operations, repeats, prepare };
    vec![
        shape("timer_timeout", MANY, 5, timeout),
        shape("timer_arm_cancel_100000", MANY, 1, |s| arm_cancel(s, MANY)),
        shape("timer_arm_cancel_1000000", MILLION, 1, |s| arm_cancel(s, MILLION)),
        shape("timer_rearm_live_100000", MANY, 5, rearm),
        shape("timer_sleepers_10000", SLEEPERS * TURNS, 1, sleepers),
    ]
}

fn runtime(settings: &Settings) -> Runtime {
    Builder::new_multi_thread().worker_threads(settings.workers).enable_all().build().unwrap()
}

fn distant(number: usize) -> Duration {
    Duration::from_millis(30_000 + (number as u64 * 2_654_435_761 % 270_000))
}

/// A timer of Tokio's is in the wheel once it has been polled.
fn arm(timer: Pin<&mut Sleep>, context: &mut Context<'_>) {
    assert!(timer.poll(context).is_pending());
}

struct Once<F: FnMut(&mut Context<'_>)>(F);

impl<F: FnMut(&mut Context<'_>) + Unpin> Future for Once<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        (self.0)(context);
        Poll::Ready(())
    }
}

fn timeout(settings: &Settings) -> Box<dyn FnMut()> {
    let rt = runtime(settings);
    Box::new(move || {
        rt.block_on(rt.spawn(Once(|context: &mut Context<'_>| {
            for i in 0..MANY {
                let mut timer = Box::pin(sleep(distant(i)));
                arm(timer.as_mut(), context);
            }
        })))
        .unwrap();
    })
}

fn arm_cancel(settings: &Settings, count: usize) -> Box<dyn FnMut()> {
    let rt = runtime(settings);
    Box::new(move || {
        rt.block_on(rt.spawn(Once(move |context: &mut Context<'_>| {
            let mut timers = Vec::with_capacity(count);
            for i in 0..count {
                let mut timer = Box::pin(sleep(distant(i)));
                arm(timer.as_mut(), context);
                timers.push(timer);
            }

            for timer in timers {
                drop(timer);
            }
        })))
        .unwrap();
    })
}

fn rearm(settings: &Settings) -> Box<dyn FnMut()> {
    let rt = runtime(settings);
    let mut kept: Option<Vec<Pin<Box<Sleep>>>> = None;
    Box::new(move || {
        let mut timers = kept.take().unwrap_or_default();
        let (send, receive) = std::sync::mpsc::channel();
        rt.spawn(Once(move |context: &mut Context<'_>| {
            if timers.is_empty() {
                for i in 0..MANY {
                    let mut timer = Box::pin(sleep(distant(i)));
                    arm(timer.as_mut(), context);
                    timers.push(timer);
                }
            }

            for (i, timer) in timers.iter_mut().enumerate() {
                timer.as_mut().reset(Instant::now() + distant(i));
            }

            send.send(std::mem::take(&mut timers)).unwrap();
        }));
        kept = Some(receive.recv().unwrap());
    })
}

fn sleepers(settings: &Settings) -> Box<dyn FnMut()> {
    let rt = runtime(settings);
    Box::new(move || {
        let tasks: Vec<_> = (0..SLEEPERS)
            .map(|_| {
                rt.spawn(async {
                    for _ in 0..TURNS {
                        sleep(Duration::from_millis(5)).await;
                    }
                })
            })
            .collect();
        rt.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
    })
}
