//! Short forms that a table says everything of: a line for all operations that share a format.

use std::sync::Arc;

use super::loops::real;
use super::operations::Draft;
use super::{Parser, Result};
use crate::attr::Attr;
use crate::body::Body;
use crate::text::lexer::{Tok, Token};
use crate::types::{Elem, Type};

/// Dialect, format and operations. A format is what stands behind the operation's name, in pieces; [`Parser::piece`] says what each of them is.
const FORMATS: &[(&str, &str, &str)] = &[
    ("arith", "% , % overflow {} :same", "addi muli shli subi"),
    ("arith", "% , % exact {} :same", "divsi divui shrsi shrui"),
    ("arith", "% , % {} :same", "andi ceildivsi ceildivui floordivsi maxsi maxui minsi minui ori remsi remui xori"),
    ("arith", "% , % fastmath {} :same", "addf divf maximumf maxnumf minimumf minnumf mulf remf subf"),
    ("arith", "% fastmath {} :same", "negf"),
    ("arith", "% , % {} :carry", "addui_extended"),
    ("arith", "% , % {} :twice", "mulsi_extended mului_extended"),
    ("arith", "cmpi , % , % {} :truth", "cmpi"),
    ("arith", "cmpf , % , % fastmath {} :truth", "cmpf"),
    ("arith", "% , % , % {} :select", "select"),
    ("arith", "% {} :cast", "bitcast extsi fptosi fptoui index_cast index_castui sitofp"),
    ("arith", "% nneg {} :cast", "extui uitofp"),
    ("arith", "% overflow {} :cast", "trunci"),
    ("arith", "% fastmath {} :cast", "extf"),
    ("arith", "% rounding fastmath {} :cast", "truncf"),
    ("arith", "% , % fastmath {} :scale", "scaling_extf"),
    ("arith", "% , % rounding fastmath {} :scale", "scaling_truncf"),
    ("arith", "{} value", "constant"),
    ("builtin", "%… :convert {}", "unrealized_conversion_cast"),
    ("cf", "%i1 , msg {}", "assert"),
    ("func", "symbol :result", "constant"),
    ("quant", "% {} :cast", "dcast qcast scast"),
    (
        "chlo",
        "% {} :arrow",
        "_asin_acos_kernel acos acosh asin asinh atan atanh bessel_i1e conj cosh digamma erf erf_inv erfc is_inf",
    ),
    ("chlo", "% {} :arrow", "is_neg_inf is_pos_inf lgamma sinh square tan"),
    ("chlo", "% , % {} :arrow", "mulhi next_after polygamma zeta"),
    (
        "chlo",
        "% , % {} :same",
        "broadcast_add broadcast_and broadcast_atan2 broadcast_compare broadcast_complex broadcast_divide broadcast_maximum broadcast_minimum \
         broadcast_multiply broadcast_next_after broadcast_or broadcast_polygamma broadcast_power broadcast_remainder \
         broadcast_shift_left broadcast_shift_right_arithmetic broadcast_shift_right_logical broadcast_subtract broadcast_xor \
         broadcast_zeta",
    ),
    ("chlo", "% , % , % {} :same", "broadcast_select"),
    ("chlo", "( % , k=i64:k ?is_stable=attr:is_stable ) {} :arrow", "top_k"),
    ("chlo", "{} value", "constant"),
    ("stablehlo", "%… {} :none", "return"),
    ("stablehlo", "text:name %… <{}> :same", "composite"),
    (
        "stablehlo",
        "%… {} :same",
        "abs add after_all and atan2 bitcast_convert cbrt ceil clamp convert cosine count_leading_zeros divide dynamic_pad \
         dynamic_reshape dynamic_update_slice exponential exponential_minus_one floor imag is_finite log log_plus_one logistic \
         maximum minimum multiply negate not or popcnt power real real_dynamic_slice remainder reshape round_nearest_afz \
         round_nearest_even rsqrt shift_left shift_right_arithmetic shift_right_logical sign sine sqrt subtract tan tanh \
         uniform_dequantize uniform_quantize xor",
    ),
    ("stablehlo", "% , % {} :complex", "complex"),
    ("stablehlo", "% , % , % {} :select", "select"),
    ("stablehlo", "%… {} :tuple", "tuple"),
    ("stablehlo", "{} %… :each", "optimization_barrier"),
    ("stablehlo", "{} :result", "create_token partition_id replica_id"),
    ("stablehlo", "{} value", "constant"),
    ("stablehlo", "dim=i64:iota_dimension {} :result", "iota"),
    ("stablehlo", "% , dim=i64:iota_dimension {} :same", "dynamic_iota"),
    (
        "stablehlo",
        "comparison_direction:comparison_direction , % , % ?comparison_type:compare_type {} :same",
        "compare",
    ),
    ("stablehlo", "% slices {} :same", "slice"),
    ("stablehlo", "%,… sizes=i64s:slice_sizes {} :same", "dynamic_slice"),
    ("stablehlo", "%,… dim=i64:dimension {} :same", "concatenate"),
    ("stablehlo", "% , sizes=i64s:broadcast_sizes {} :same", "broadcast"),
    ("stablehlo", "% , dims=i64s:broadcast_dimensions {} :same", "broadcast_in_dim"),
    ("stablehlo", "% , % , dims=i64s:broadcast_dimensions {} :same", "dynamic_broadcast_in_dim"),
    ("stablehlo", "% , dims=i64s:permutation {} :same", "transpose"),
    ("stablehlo", "% , dims=i64s:dimensions {} :same", "reverse"),
    ("stablehlo", "% , dim=i64:dimension {} :same", "get_dimension_size"),
    ("stablehlo", "% , % , dim=i64:dimension {} :same", "set_dimension_size"),
    ("stablehlo", "% ?lower=attr:lower {} :same", "cholesky"),
    ("stablehlo", "% , % precision {} :same", "dot"),
    ("stablehlo", "% , % , dot precision {} :same", "dot_general"),
    ("stablehlo", "( %… ) convolution , window {} :same", "convolution"),
    ("stablehlo", "% , % , config=text:einsum_config {} :same", "einsum"),
    ("stablehlo", "% , config=text:einsum_config {} :same", "unary_einsum"),
    ("stablehlo", "% , type=fft_type:fft_type , length=i64s:fft_length {} :same", "fft"),
    ("stablehlo", "% [ i32:index ] {} :same", "get_tuple_element"),
    (
        "stablehlo",
        "% , % , low=i64s:edge_padding_low , high=i64s:edge_padding_high , interior=i64s:interior_padding {} :same",
        "pad",
    ),
    ("stablehlo", "% , % , % , distribution=rng_distribution:rng_distribution {} :same", "rng"),
    ("stablehlo", "% , algorithm=rng_algorithm:rng_algorithm {} :same", "rng_bit_generator"),
    ("stablehlo", "% , format {} :same", "reduce_precision"),
];

/// Words that stand for a number, in the order of the numbers.
const CMPI: &[&str] = &["eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"];
const CMPF: &[&str] = &[
    "false", "oeq", "ogt", "oge", "olt", "ole", "one", "ord", "ueq", "ugt", "uge", "ult", "ule", "une", "uno", "true",
];
const ROUNDING: &[&str] = &["to_nearest_even", "downward", "upward", "toward_zero", "to_nearest_away"];

/// The format of an operation's short form.
pub(super) fn format(name: &str) -> Option<&'static str> {
    let (dialect, op) = name.split_once('.')?;
    let row = FORMATS.iter().find(|(d, _, ops)| *d == dialect && ops.split(' ').any(|o| o == op));
    row.map(|(_, format, _)| *format)
}

impl<'s> Parser<'s, '_> {
    /// The short form of an operation of [`FORMATS`].
    pub(super) fn formatted(&mut self, body: &mut Body, tok: Token, name: &str, format: &str) -> Result<Draft<'s>> {
        let name = self.op_name(tok.start, name)?;
        self.bump();
        if format == "{} value" && self.at(Tok::LParen) {
            return self.generic(body, name);
        }
        let mut draft = Draft::new(name);
        for piece in format.split(' ') {
            self.piece(&mut draft, piece)?;
        }
        Ok(draft)
    }

    fn piece(&mut self, draft: &mut Draft<'s>, piece: &str) -> Result<()> {
        match piece {
            // An operand, one whose type is known, or any number of them.
            "%" => draft.uses.push(self.value_use()?),
            "%i1" => {
                draft.uses.push(self.value_use()?);
                draft.types.push(Type::Scalar(Elem::BOOL));
            }
            "%…" if self.at(Tok::Percent) => self.uses(draft)?,
            "%…" => {}
            // Operands with a comma behind each.
            "%,…" => {
                while self.at(Tok::Percent) {
                    draft.uses.push(self.value_use()?);
                    self.expect(Tok::Comma, "','")?;
                }
            }
            "," => drop(self.expect(Tok::Comma, "','")?),
            "(" => drop(self.expect(Tok::LParen, "'('")?),
            ")" => drop(self.expect(Tok::RParen, "')'")?),
            "[" => drop(self.expect(Tok::LSquare, "'['")?),
            "]" => drop(self.expect(Tok::RSquare, "']'")?),
            // The attributes, or those that all are properties.
            "{}" => draft.spec.attrs = self.optional_dict()?,
            "<{}>" => {
                for (name, value) in self.optional_dict()?.iter() {
                    draft.spec.props.set(name.clone(), value.clone());
                }
            }
            // The constant that an operation makes, with its type.
            "value" => {
                let (value, ty) = self.constant_attr()?;
                draft.spec.props.set("value", value);
                draft.spec.results.push(ty);
            }
            "symbol" => {
                let symbol = self.symbol_attr()?;
                draft.spec.props.set("value", symbol);
            }
            // A property of this name: a string.
            "msg" => {
                let text = self.attr()?;
                draft.spec.props.set(piece, text);
            }
            "cmpi" => self.keyword(draft, "predicate", CMPI, Elem::I64)?,
            "cmpf" => self.keyword(draft, "predicate", CMPF, Elem::I64)?,
            // What may be left out.
            "rounding" if self.at(Tok::Bare) && ROUNDING.contains(&self.text(self.tok)) => {
                self.keyword(draft, "roundingmode", ROUNDING, Elem::I32)?;
            }
            "exact" if self.eat_word(piece) => drop(draft.spec.props.set("isExact", Attr::Unit)),
            "nneg" if self.eat_word(piece) => drop(draft.spec.props.set("nonNeg", Attr::Unit)),
            "fastmath" if self.eat_word(piece) => self.flags(draft, "fastmath", piece)?,
            "overflow" if self.eat_word(piece) => self.flags(draft, "overflowFlags", piece)?,
            "rounding" | "exact" | "nneg" | "fastmath" | "overflow" => {}
            // What stands for properties in a way of its own.
            "slices" => self.slice_ranges(draft)?,
            "dot" => self.dot_dimensions(draft)?,
            "precision" => self.precision(draft)?,
            "convolution" => {
                self.expect_word("dim_numbers")?;
                self.expect(Tok::Equal, "'=' and dimensions")?;
                self.convolution_dimensions(draft)?;
            }
            "window" => {
                self.expect_word("window")?;
                self.expect(Tok::Equal, "'=' and a window")?;
                self.window(draft)?;
            }
            "format" => {
                self.expect_word("format")?;
                self.expect(Tok::Equal, "'=' and a format")?;
                self.float_format(draft)?;
            }
            _ if piece.starts_with(':') => self.type_piece(draft, piece)?,
            // One property, which may be left out with the comma in front of it.
            _ => match piece.strip_prefix('?') {
                None => self.labelled(draft, piece)?,
                Some(optional) if self.eat(Tok::Comma) => self.labelled(draft, optional)?,
                Some(_) => {}
            },
        }
        Ok(())
    }

    /// The piece that states the types.
    fn type_piece(&mut self, draft: &mut Draft<'s>, piece: &str) -> Result<()> {
        const COLON: &str = "':' and the type of the operation";
        if piece == ":none" {
            // The types of the operands, if there are any; no results.
            return if self.eat(Tok::Colon) { self.types(draft) } else { Ok(()) };
        }
        if piece == ":convert" {
            // The types of the operands, if there are any, and those of the results.
            if self.eat(Tok::Colon) {
                self.types(draft)?;
            }
            self.expect_word("to")?;
            return self.result_types(draft);
        }
        if piece == ":same" {
            // `(types) -> types`, or the one type of all operands and the result.
            return self.stated_types(draft);
        }
        self.expect(Tok::Colon, COLON)?;
        match piece {
            // The type of the operand and that of the result.
            ":cast" => {
                draft.types.push(self.ty()?);
                self.expect_word("to")?;
                draft.spec.results.push(self.ty()?);
            }
            // The types of both operands and that of the result.
            ":scale" => {
                self.types(draft)?;
                self.expect_word("to")?;
                draft.spec.results.push(self.ty()?);
            }
            // The types of the operands, which are those of the results.
            ":each" => {
                self.types(draft)?;
                draft.spec.results.clone_from(&draft.types);
            }
            // The type of the operands and the first result, and that of the second.
            ":carry" => {
                let ty = self.ty()?;
                self.expect(Tok::Comma, "',' and the type of the second result")?;
                draft.types = vec![ty.clone(); 2];
                draft.spec.results = vec![ty, self.ty()?];
            }
            // One type for two operands and two results.
            ":twice" => {
                let ty = self.ty()?;
                draft.types = vec![ty.clone(); 2];
                draft.spec.results = vec![ty; 2];
            }
            // The type of the operands; the result says for each element whether.
            ":truth" => {
                let start = self.tok.start;
                let ty = self.ty()?;
                let result = truth(&ty)
                    .ok_or_else(|| self.error(start, "parse/type", format!("values of type {ty} are not compared")))?;
                draft.types = vec![ty; 2];
                draft.spec.results.push(result);
            }
            // The type of the complex result, or `(types) -> type`.
            ":complex" => {
                let start = self.tok.start;
                match self.ty()? {
                    Type::Function(f) => draft.typed(Arc::unwrap_or_clone(f)),
                    ty => {
                        let part = real(&ty).ok_or_else(|| {
                            self.error(start, "parse/type", format!("{ty} is no tensor of complex numbers"))
                        })?;
                        draft.types = vec![part; 2];
                        draft.spec.results.push(ty);
                    }
                }
            }
            // A tuple of the types of the operands.
            ":tuple" => {
                let start = self.tok.start;
                let ty = self.ty()?;
                let Type::Tuple(parts) = &ty else {
                    return Err(self.error(start, "parse/type", format!("{ty} is no tuple")));
                };
                draft.types.clone_from(parts);
                draft.spec.results.push(ty);
            }
            // `types -> types`
            ":arrow" => {
                self.types(draft)?;
                self.expect(Tok::Arrow, "'->' and the types of the results")?;
                if !self.eat(Tok::LParen) {
                    return self.result_types(draft);
                }
                self.list(Tok::RParen, "',' or ')' in a list of types", |p| {
                    draft.spec.results.push(p.ty()?);
                    Ok(())
                })?;
            }
            // The type of the condition, unless that is `i1`, and the type of the others; or `(types) -> type`.
            ":select" => {
                let first = self.ty()?;
                if let Type::Function(f) = first {
                    draft.typed(Arc::unwrap_or_clone(f));
                    return Ok(());
                }
                let (condition, ty) = match self.eat(Tok::Comma) {
                    true => (first, self.ty()?),
                    false => (Type::Scalar(Elem::BOOL), first),
                };
                draft.types = vec![condition, ty.clone(), ty.clone()];
                draft.spec.results.push(ty);
            }
            // The type of the result.
            _ => draft.spec.results.push(self.ty()?),
        }
        Ok(())
    }

    fn result_types(&mut self, draft: &mut Draft<'s>) -> Result<()> {
        loop {
            draft.spec.results.push(self.ty()?);
            if !self.eat(Tok::Comma) {
                return Ok(());
            }
        }
    }

    /// A word, or the same in quotes, that stands for a number.
    fn keyword(&mut self, draft: &mut Draft<'s>, prop: &str, words: &[&str], elem: Elem) -> Result<()> {
        let tok = self.tok;
        let word = if tok.kind == Tok::Str { self.unescape(tok)? } else { self.text(tok).to_owned() };
        let Some(number) = words.iter().position(|w| *w == word) else {
            return Err(self.expected(&format!("one of {}", words.join(", "))));
        };
        self.bump();
        draft.spec.props.set(prop, Attr::Int(number as i64, elem));
        Ok(())
    }

    /// `<nsw, nuw>`
    fn flags(&mut self, draft: &mut Draft<'s>, prop: &str, kind: &str) -> Result<()> {
        if !self.at(Tok::Less) {
            return Err(self.expected("'<' of a list of flags"));
        }
        let list = self.balanced(self.tok.start)?;
        draft.spec.props.set(prop, Attr::Opaque(Arc::from(format!("#arith.{kind}{list}"))));
        Ok(())
    }
}

/// The type of comparisons of values of a type.
fn truth(ty: &Type) -> Option<Type> {
    match ty {
        Type::Tensor(t) => Some(Type::Tensor(t.with_elem(Elem::BOOL))),
        Type::Vector(shape, _) => Some(Type::Vector(shape.clone(), Elem::BOOL)),
        Type::Scalar(_) => Some(Type::Scalar(Elem::BOOL)),
        _ => None,
    }
}
