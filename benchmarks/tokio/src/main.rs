//! The shapes of Tokio's own benches (`benches/rt_multi_threaded.rs`, `rt_current_thread.rs`), timed without criterion,
//! with the same numbers of operations and repeats as the C# side of the same name.
//!
//!     tokio-shapes SHAPE [--rounds 30] [--warmup 8] [--seconds 4] [--workers 2]
//!     tokio-shapes --list
//!
//! Prints a line of tab-separated figures for every measurement: nanoseconds, processor nanoseconds and context switches per operation.

mod current_thread;
mod measure;
mod multi_thread;
mod timers;
mod usage;

use measure::Settings;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let shapes = || multi_thread::shapes().into_iter().chain(current_thread::shapes()).chain(timers::shapes());
    match words.first().map(String::as_str) {
        Some("--list") => shapes().for_each(|s| println!("{}", s.name)),
        Some(name) => match shapes().find(|s| s.name == name) {
            Some(shape) => shape.run(&Settings::parse(&words[1..])),
            None => fail(&format!("unknown shape '{name}'; --list shows all")),
        },
        None => fail("usage: tokio-shapes SHAPE [--rounds N] [--warmup N] [--seconds N] [--workers N] | --list"),
    }
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(2);
}
