//! The operator codes of a file.

use std::collections::{BTreeMap, HashMap};

use ir::dialect::{stablehlo, tfl};
use ir::{OpDef, OpRow};

use super::error::{ReadError, Result, malformed};
use crate::schema::tflite as fb;

/// An operator code: its row, if there is one, and what it is called.
pub(super) struct Code {
    pub(super) def: Option<&'static OpDef>,
    pub(super) name: String,
    pub(super) version: i32,
}

impl Code {
    /// Whether it is one of the embedder.
    pub(super) fn is_custom(&self) -> bool {
        self.def == Some(tfl::Custom::DEF)
    }
}

/// The operator codes of a model.
pub(super) fn codes(model: &fb::Model<'_>) -> Result<Vec<Code>> {
    let mut rows: HashMap<i32, &'static OpDef> = HashMap::new();
    for def in tfl::TFL.ops.iter().chain(stablehlo::STABLEHLO.ops) {
        rows.extend(def.builtin.filter(|code| !rows.contains_key(code)).map(|code| (code, *def)));
    }
    let code = |c: fb::OperatorCode<'_>| {
        // Files from before the wider field have only the old one.
        let builtin = c.builtin_code().0.max(i32::from(c.deprecated_builtin_code()));
        let def = rows.get(&builtin).copied();
        let name = match fb::BuiltinOperator(builtin).variant_name() {
            _ if def == Some(tfl::Custom::DEF) => c.custom_code().unwrap_or_default().to_owned(),
            Some(name) => name.to_owned(),
            None => format!("with code {builtin}"),
        };
        Code { def, name, version: c.version() }
    };
    let codes: Vec<Code> = model.operator_codes().iter().flatten().map(code).collect();
    match codes.iter().find(|c| c.is_custom() && c.name.is_empty()) {
        Some(_) => malformed("a custom operator has no name"),
        None => Ok(codes),
    }
}

/// The code of an operator, and its number.
pub(super) fn code<'c>(codes: &'c [Code], operator: &fb::Operator<'_>) -> Result<(usize, &'c Code)> {
    let index = operator.opcode_index();
    match usize::try_from(index).ok().and_then(|i| Some((i, codes.get(i)?))) {
        Some(found) => Ok(found),
        None => malformed(format!("operator code {index} does not exist")),
    }
}

/// Names every operator that is not known, before one of them makes another error.
pub(super) fn check_known(codes: &[Code], graphs: &[fb::SubGraph<'_>]) -> Result<()> {
    let mut unknown: BTreeMap<&str, usize> = BTreeMap::new();
    for operator in graphs.iter().flat_map(|g| g.operators().into_iter().flatten()) {
        let (_, code) = code(codes, &operator)?;
        if code.def.is_none() {
            *unknown.entry(&code.name).or_default() += 1;
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let items: Vec<String> = unknown.iter().map(|(name, count)| format!("{name} ({count})")).collect();
    Err(ReadError::Unsupported(format!("operators {}", items.join(", "))))
}
