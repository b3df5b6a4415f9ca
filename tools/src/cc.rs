//! Generated C, compiled by the host's `cc` and run in a process of its own.
//!
//! The program reads requests from its standard input and answers with records: a tag, a number of bytes, the bytes.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use kernels::codegen::{Entry, Generated, Port};

/// What the records of a run are tagged with; a tensor of a trace has its number.
const STATUS: i32 = -1;
const TIMES: i32 = -2;
const DONE: i32 = -3;
const OUTPUT: i32 = -16;

/// How C is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// To compare: every tensor is reported.
    Trace,
    /// To run: for this machine.
    Fast,
}

/// What compiles and runs C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// The compiler with its own options, separated by spaces.
    pub compiler: String,
    /// What runs its programs, if not this machine: the command and its options.
    pub emulator: String,
}

impl Default for Toolchain {
    fn default() -> Toolchain {
        Toolchain { compiler: "cc -march=native".into(), emulator: String::new() }
    }
}

impl Toolchain {
    /// Whether the compiler can be run; the error is a sentence.
    pub fn available(&self) -> Result<(), String> {
        let name = self.compiler.split_whitespace().next().unwrap_or_default();
        let ran = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        ran.map(|_| ()).map_err(|e| format!("`{name}` cannot be run: {e}"))
    }
}

/// A command of words.
fn command(words: &str) -> Option<Command> {
    let mut words = words.split_whitespace();
    let mut command = Command::new(words.next()?);
    command.args(words);
    Some(command)
}

impl Build {
    fn flags(self) -> &'static [&'static str] {
        // A fused multiplication and addition would round once where the kernels round twice.
        match self {
            Build::Trace => &["-O2", "-std=c99", "-ffp-contract=off"],
            Build::Fast => &["-O3", "-std=c99", "-ffp-contract=off"],
        }
    }
}

/// What a run gave.
#[derive(Clone, Debug, Default)]
pub struct Ran {
    /// 0, or the number of the layer that has no result.
    pub status: i32,
    /// Bytes of each output.
    pub outputs: Vec<Vec<u8>>,
    /// Number and bytes of each tensor, in the order they were computed.
    pub traced: Vec<(usize, Vec<u8>)>,
    /// Nanoseconds of each timed run.
    pub times: Vec<u64>,
}

/// A compiled model.
#[derive(Debug)]
pub struct Compiled {
    entries: Vec<Entry>,
    // Removed when this is dropped.
    _directory: tempfile::TempDir,
    process: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
}

impl Compiled {
    /// Compiles and starts it. The error is a sentence.
    pub fn new(c: &Generated, build: Build, tools: &Toolchain) -> Result<Compiled, String> {
        let directory = tempfile::tempdir().map_err(|e| format!("no temporary directory: {e}"))?;
        let at = |name: &str| directory.path().join(name);
        let program = at("model");
        let source = format!("{}.c", c.prefix);
        let files =
            [(source.clone(), &c.source), (format!("{}.h", c.prefix), &c.header), ("run.c".into(), &main(c, build))];
        for (name, text) in files {
            std::fs::write(at(&name), text).map_err(|e| format!("cannot write {name}: {e}"))?;
        }
        let compiler = command(&tools.compiler)
            .ok_or("no C compiler is named")?
            .args(build.flags())
            .arg("-D_POSIX_C_SOURCE=199309L")
            .args((build == Build::Trace).then(|| format!("-D{}_TRACE", c.prefix.to_uppercase())))
            .args([at(&source), at("run.c")])
            .arg("-o")
            .arg(&program)
            .arg("-lm")
            .output()
            .map_err(|e| format!("generated C needs a C compiler; `{}` cannot be run: {e}", tools.compiler))?;
        if !compiler.status.success() {
            let said = String::from_utf8_lossy(&compiler.stderr).into_owned();
            return Err(format!("`{}` refuses the generated C:\n{said}", tools.compiler));
        }
        let mut run = match command(&tools.emulator) {
            Some(mut emulator) => {
                emulator.arg(&program);
                emulator
            }
            None => Command::new(&program),
        };
        let mut process = run
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("the compiled model cannot be run: {e}"))?;
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let output = output.ok_or("the compiled model has no output")?;
        Ok(Compiled { entries: c.entries.clone(), _directory: directory, process, input, output })
    }

    /// Runs a signature on the bytes of its inputs, `times` times more to measure. The error is a sentence.
    pub fn run(&mut self, key: &str, inputs: &[impl AsRef<[u8]>], times: u32) -> Result<Ran, String> {
        let place = self.entries.iter().position(|e| e.key == key);
        let place = place.ok_or_else(|| format!("the generated C has no signature `{key}`"))?;
        let entry = &self.entries[place];
        let fits = inputs.len() == entry.inputs.len()
            && inputs.iter().zip(&entry.inputs).all(|(x, p)| x.as_ref().len() == p.bytes());
        if !fits {
            return Err("the generated C takes inputs of other sizes".into());
        }
        let mut request: Vec<u8> = [place as u32, times].into_iter().flat_map(u32::to_le_bytes).collect();
        inputs.iter().for_each(|x| request.extend_from_slice(x.as_ref()));
        let input = self.input.as_mut().ok_or("the compiled model has ended")?;
        input.write_all(&request).and_then(|()| input.flush()).map_err(|e| format!("the compiled model ended: {e}"))?;
        let mut ran = Ran { outputs: vec![Vec::new(); entry.outputs.len()], ..Ran::default() };
        loop {
            let (tag, data) = self.record().map_err(|e| format!("the compiled model ended while it ran: {e}"))?;
            let number = |bytes: &[u8]| bytes.try_into().map(i32::from_le_bytes).unwrap_or(-1);
            match tag {
                DONE => return Ok(ran),
                STATUS => ran.status = number(&data),
                TIMES => ran.times.extend(data[..].try_into().ok().map(u64::from_le_bytes)),
                0.. => ran.traced.push((tag as usize, data)),
                _ => {
                    let slot = usize::try_from(OUTPUT - tag).ok().and_then(|i| ran.outputs.get_mut(i));
                    *slot.ok_or("the compiled model answers with what is no record")? = data;
                }
            }
        }
    }

    fn record(&mut self) -> std::io::Result<(i32, Vec<u8>)> {
        let mut head = [0; 8];
        self.output.read_exact(&mut head)?;
        let [a, b, c, d, e, f, g, h] = head;
        let mut data = vec![0; u32::from_le_bytes([e, f, g, h]) as usize];
        self.output.read_exact(&mut data)?;
        Ok((i32::from_le_bytes([a, b, c, d]), data))
    }
}

impl Drop for Compiled {
    fn drop(&mut self) {
        // The end of its input ends the process; one that hangs is ended.
        self.input = None;
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program around a model.
fn main(c: &Generated, build: Build) -> String {
    let mut out = format!(
        "#include <stdio.h>\n#include <time.h>\n#include \"{}.h\"\n\n\
         static void record(int32_t tag, const void *data, long bytes)\n{{\n    int32_t head[2];\n    head[0] = tag;\n    \
         head[1] = (int32_t)bytes;\n    fwrite(head, 4, 2, stdout);\n    fwrite(data, 1, (size_t)bytes, stdout);\n}}\n\n",
        c.prefix
    );
    if build == Build::Trace {
        let _ = writeln!(
            out,
            "void {}_trace(int tensor, const void *data, long bytes)\n{{\n    record(tensor, data, bytes);\n}}\n",
            c.prefix
        );
    }
    out.push_str(
        "static uint64_t now(void)\n{\n    struct timespec t;\n    clock_gettime(CLOCK_MONOTONIC, &t);\n    \
         return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;\n}\n\n",
    );
    for (i, e) in c.entries.iter().enumerate() {
        out.push_str(&entry(i, e));
    }
    out.push_str("int main(void)\n{\n    uint32_t request[2];\n    while (fread(request, 4, 2, stdin) == 2) {\n        int ok = 0;\n");
    for i in 0..c.entries.len() {
        let _ = writeln!(out, "        if (request[0] == {i})\n            ok = run_{i}(request[1]);");
    }
    let _ = write!(
        out,
        "        if (!ok)\n            return 1;\n        record({DONE}, \"\", 0);\n        fflush(stdout);\n    }}\n    return 0;\n}}\n"
    );
    out
}

/// A function that reads the inputs of an entry, runs it and answers.
fn entry(i: usize, e: &Entry) -> String {
    let mut out = String::new();
    let memory = |out: &mut String, what: &str, ports: &[Port]| {
        for (k, p) in ports.iter().enumerate() {
            let bytes = p.bytes().max(1);
            let _ = writeln!(out, "static union {{ int64_t align; unsigned char bytes[{bytes}]; }} {what}_{i}_{k};");
        }
    };
    memory(&mut out, "in", &e.inputs);
    memory(&mut out, "out", &e.outputs);
    let _ = write!(
        out,
        "static int run_{i}(uint32_t times)\n{{\n    struct {0}_inputs in;\n    struct {0}_outputs out;\n    int32_t status;\n    \
         uint32_t t;\n",
        e.name
    );
    for (what, ports) in [("in", &e.inputs), ("out", &e.outputs)] {
        for (k, p) in ports.iter().enumerate() {
            let _ = writeln!(out, "    {what}.{} = (void *){what}_{i}_{k}.bytes;", p.field);
        }
        if ports.is_empty() {
            let _ = writeln!(out, "    {what}.none = 0;");
        }
    }
    for (k, p) in e.inputs.iter().enumerate() {
        let (n, name) = (p.bytes(), format!("in_{i}_{k}.bytes"));
        let _ = writeln!(out, "    if (fread({name}, 1, {n}, stdin) != {n})\n        return 0;");
    }
    let _ = writeln!(out, "    status = {}_invoke(&in, &out);\n    record({STATUS}, &status, 4);", e.name);
    for (k, p) in e.outputs.iter().enumerate() {
        let _ = writeln!(out, "    record({}, out_{i}_{k}.bytes, {});", OUTPUT - k as i32, p.bytes());
    }
    let _ = write!(
        out,
        "    for (t = 0; t < times; t++) {{\n        uint64_t start = now(), took;\n        {}_invoke(&in, &out);\n        \
         took = now() - start;\n        record({TIMES}, &took, 8);\n    }}\n    return 1;\n}}\n\n",
        e.name
    );
    out
}
