//! `quant-opt INPUT [-o OUTPUT] [options]`

fn main() -> std::process::ExitCode {
    quant_opt::with_process_streams(|io| quant_opt::quant_opt(&quant_opt::Host::standard(), std::env::args_os(), io))
}
