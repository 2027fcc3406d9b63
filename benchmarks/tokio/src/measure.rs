//! Rounds, warm-up and output.

use crate::usage;
use std::time::{Duration, Instant};

/// What the command line sets.
pub struct Settings {
    pub rounds: usize,
    pub warmup: usize,
    pub limit: Duration,
    pub workers: usize,
}

impl Settings {
    pub fn parse(words: &[String]) -> Settings {
        let number = |name: &str, default: usize| {
            let at = words.iter().position(|w| w == name);
            at.and_then(|i| words.get(i + 1)).map_or(default, |w| w.parse().expect("a whole number"))
        };
        Settings {
            rounds: number("--rounds", 30),
            warmup: number("--warmup", 8),
            limit: Duration::from_secs(number("--seconds", 4) as u64),
            workers: number("--workers", 2),
        }
    }
}

/// A workload: so many operations a round, so many rounds in one measurement.
pub struct Shape {
    pub name: &'static str,
    pub operations: usize,
    pub repeats: usize,
    /// Builds the runtime and returns the function that runs one round.
    pub prepare: fn(&Settings) -> Box<dyn FnMut()>,
}

impl Shape {
    pub fn run(&self, settings: &Settings) {
        let mut round = (self.prepare)(settings);
        let began = Instant::now();
        for _ in 0..settings.warmup {
            if began.elapsed() > settings.limit {
                break;
            }

            self.measure(&mut round);
        }

        let began = Instant::now();
        for _ in 0..settings.rounds {
            if began.elapsed() > settings.limit {
                break;
            }

            let (nanoseconds, processor, switches) = self.measure(&mut round);
            println!("{nanoseconds:.3}\t{processor:.3}\t{switches:.6}");
        }

        // Whatever background load the shape has ends with the process.
        std::process::exit(0);
    }

    fn measure(&self, round: &mut dyn FnMut()) -> (f64, f64, f64) {
        let total = (self.operations * self.repeats) as f64;
        let before = usage::read();
        let began = Instant::now();
        for _ in 0..self.repeats {
            round();
        }

        let elapsed = began.elapsed().as_nanos() as f64;
        let after = usage::read();
        (
            elapsed / total,
            (after.processor - before.processor) as f64 / total,
            (after.switches - before.switches) as f64 / total,
        )
    }
}
