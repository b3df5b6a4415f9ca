//! `quant-run MODEL --inputs=X.npz [-o Y.npz] [options]`

fn main() -> std::process::ExitCode {
    quant_opt::with_process_streams(|io| quant_opt::quant_run(&quant_opt::Host::standard(), std::env::args_os(), io))
}
