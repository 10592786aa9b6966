//! The program. Everything it does is in the library.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    bellhop::cli::main(bellhop::cli::Arguments::parse())
}
