//! What a hundred thousand open cases take of memory.
//!
//! ```sh
//! cargo bench --bench memory
//! ```
//!
//! By itself: counting what is asked for slows everything else.

#![expect(clippy::cast_precision_loss, reason = "figures to be looked at")]

mod made_up;

use std::alloc::System;
use std::hint::black_box;

use bellhop::config::Config;
use bellhop::sop::escalation::Escalation;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use made_up::{CASES, EXAMPLE, log, read_back, written};

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let procedure = Config::parse("config.example.toml", EXAMPLE).expect("the example is valid").procedure;
    let written = written(&log(&procedure, CASES));
    let region = Region::new(MEMORY);
    let desk = read_back(&written);
    let kept = region.change();
    let bytes = kept.bytes_allocated - kept.bytes_deallocated;
    let blocks = kept.allocations - kept.deallocations;
    println!(
        "memory      {:>8.0} bytes a case (goal 1,200), {:.1} blocks; {} of them the case itself",
        bytes as f64 / CASES as f64,
        blocks as f64 / CASES as f64,
        size_of::<Escalation>()
    );
    black_box(desk);
}
