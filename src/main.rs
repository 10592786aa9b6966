//! The program. Everything it does is in the library.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    bellhop::cli::main(bellhop::cli::Arguments::parse())
}
