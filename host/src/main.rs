//! The binary only parses and dispatches; see `claimhost::cli`.

fn main() -> std::process::ExitCode {
    claimhost::cli::main()
}
