//! One `.mlir` file under `suite/` is one test, named as its path.
//!
//! The first line holds the flags: `// RUN: --pass-pipeline='dce'`. What the tool prints is the snapshot beside the file; the tool's status
//! and talk stand below it. `EVAL:` lines are checked on the file itself and on what the tool made of it.

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use quant_opt_tests::{Ran, eval, here, quant_opt};

fn main() {
    let args = Arguments::from_args();
    let mut trials = Vec::new();
    collect(&here("suite"), &mut trials);
    libtest_mimic::run(&args, trials).exit();
}

fn collect(dir: &Path, trials: &mut Vec<Trial>) {
    let entries = std::fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    for path in entries.map(|e| e.path()) {
        if path.is_dir() {
            collect(&path, trials);
        } else if path.extension().is_some_and(|e| e == "mlir") {
            let name = path.strip_prefix(here("suite")).unwrap_or(&path).with_extension("").display().to_string();
            trials.push(Trial::test(name, move || case(&path)));
        }
    }
}

fn case(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let flags = quant_opt::run_line(&text).ok_or("the first line is not `// RUN: flags`")?;
    // `%S` is the folder of the suite.
    let flags: Vec<String> = flags.iter().map(|f| f.replace("%S", &here("suite").display().to_string())).collect();
    let flags: Vec<&str> = std::iter::once("-").chain(flags.iter().map(String::as_str)).collect();
    let ran = quant_opt(&flags, &text);
    evaluate(&text, &ran)?;
    let dir = path.parent().ok_or("a file stands in a folder")?;
    let name = path.file_stem().and_then(|s| s.to_str()).ok_or("a file has a name")?;
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(dir);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, render(&ran)));
    Ok(())
}

fn render(ran: &Ran) -> String {
    let here = here("").display().to_string();
    let stderr = ran.stderr.replace(&here, "");
    if stderr.is_empty() { ran.stdout.clone() } else { format!("{}// {:?}\n{stderr}", ran.stdout, ran.status) }
}

fn evaluate(text: &str, ran: &Ran) -> Result<(), Failed> {
    let expectations = eval::expectations(text)?;
    if expectations.is_empty() {
        return Ok(());
    }
    for (stage, text) in [("before", text), ("after", ran.stdout.as_str())] {
        let registry = ir::Registry::standard();
        let options = ir::text::ParseOptions { registry: &registry, allow_unregistered: false, file: stage };
        let mut sink = ir::Sink::new();
        let module = ir::text::parse(text, &options, &mut sink);
        let module = module.map_err(|_| format!("{stage} the passes: {:?}", sink.diagnostics()))?;
        for e in &expectations {
            eval::check(&module, e).map_err(|e| format!("{stage} the passes: {e}"))?;
        }
    }
    Ok(())
}
