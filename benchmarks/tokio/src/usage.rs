//! What the process has spent, from `getrusage`. 64-bit Linux; zeros elsewhere.

pub struct Usage {
    /// User and system time of all threads, in nanoseconds.
    pub processor: i64,
    /// Voluntary and involuntary context switches.
    pub switches: i64,
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub fn read() -> Usage {
    // struct rusage: two timevals of two longs, then fourteen longs, of which the last two count context switches.
    extern "C" {
        fn getrusage(who: i32, usage: *mut [i64; 18]) -> i32;
    }

    let mut raw = [0i64; 18];
    // SAFETY: the array has the size and alignment of the structure, and the call writes nothing else.
    let result = unsafe { getrusage(0, &mut raw) };
    assert_eq!(result, 0);
    Usage {
        processor: (raw[0] + raw[2]) * 1_000_000_000 + (raw[1] + raw[3]) * 1_000,
        switches: raw[16] + raw[17],
    }
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub fn read() -> Usage {
    Usage { processor: 0, switches: 0 }
}
