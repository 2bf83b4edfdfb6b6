//! From words to a tree.
//!
//! Source: `google/cel-spec`, `doc/langdef.md`; the macros as `google/cel-go` expands them, with
//! those of its extensions that the API server turns on: optional values and comprehensions with
//! two variables. Invariant: the depth of the calls and the work are bounded.

use std::ops::Range;

use compact_str::format_compact;

use super::{
    CompileError,
    lexer::{Lexer, Token},
    syntax::{DEPTH_LIMIT, Entry, Fold, Id, Kind, Literal, Macro, RESERVED, Tree},
};
use crate::yaml::Text;

/// The length of an expression, in bytes. `google/cel-go` allows as many characters.
const LENGTH_LIMIT: usize = 100_000;

/// The tree of an expression and its top.
pub(super) fn parse(text: &str) -> Result<(Tree, Id), CompileError> {
    if text.len() > LENGTH_LIMIT {
        let message = format!("it is longer than {LENGTH_LIMIT} bytes");
        return Err(CompileError::new(message, 0..text.len()));
    }
    let mut lexer = Lexer::new(text);
    let (token, at) = lexer.next()?;
    let mut parser = Parser { lexer, token, at, tree: Tree::default(), depth: 0 };
    let top = parser.expression()?;
    match parser.token {
        Token::End => Ok((parser.tree, top)),
        _ => Err(parser.unexpected()),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The word at hand.
    token: Token<'a>,
    at: Range<usize>,
    tree: Tree,
    /// How many calls are inside of each other.
    depth: u16,
}

type Parsed<T = Id> = Result<T, CompileError>;

impl<'a> Parser<'a> {
    fn advance(&mut self) -> Parsed<Token<'a>> {
        let (token, at) = self.lexer.next()?;
        self.at = at;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.token, Token::Sign(one) if one == sign)
    }

    fn takes(&mut self, sign: &str) -> Parsed<bool> {
        let is = self.is(sign);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.takes(sign)? { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> CompileError {
        let message = match &self.token {
            Token::End => "it ends where more is expected".to_owned(),
            Token::Name(name) => format!("`{name}` is not expected here"),
            Token::Sign(sign) => format!("`{sign}` is not expected here"),
            Token::Literal(_) | Token::Number(_) => "a value is not expected here".to_owned(),
        };
        CompileError::new(message, self.at.clone())
    }

    fn add(&mut self, kind: Kind, at: Range<usize>) -> Parsed {
        self.tree.add(kind, at.clone()).ok_or_else(|| too_deep(at))
    }

    fn call(&mut self, function: &str, arguments: Vec<Id>, at: Range<usize>) -> Parsed {
        let kind = Kind::Call { function: function.into(), has_target: false, arguments };
        self.add(kind, at)
    }

    fn expression(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(too_deep(self.at.clone()));
        }
        let condition = self.binary(0)?;
        let at = self.at.clone();
        let parsed = if self.takes("?")? {
            let yes = self.binary(0)?;
            self.expect(":")?;
            let no = self.expression()?;
            self.add(Kind::Conditional { condition, yes, no }, at)?
        } else {
            condition
        };
        self.depth -= 1;
        Ok(parsed)
    }

    /// Operators that bind more closely than `level`.
    fn binary(&mut self, level: u8) -> Parsed {
        let mut left = self.unary()?;
        loop {
            let Token::Sign(sign) = self.token else { return Ok(left) };
            let Some((strength, function)) = operator(sign).filter(|(one, _)| *one > level) else {
                return Ok(left);
            };
            let at = self.at.clone();
            self.advance()?;
            let right = self.binary(strength)?;
            left = match sign {
                "&&" | "||" => self.chain(sign == "&&", left, right, at)?,
                _ => self.call(function, vec![left, right], at)?,
            };
        }
    }

    /// `a && b && c` is one node, however long it is.
    fn chain(&mut self, is_and: bool, left: Id, right: Id, at: Range<usize>) -> Parsed {
        if let Some(extended) = self.tree.extend(left, is_and, right) {
            return if extended { Ok(left) } else { Err(too_deep(at)) };
        }
        let all = vec![left, right];
        self.add(if is_and { Kind::And(all) } else { Kind::Or(all) }, at)
    }

    fn unary(&mut self) -> Parsed {
        let at = self.at.clone();
        let function = match self.token {
            Token::Sign("!") => "!_",
            Token::Sign("-") => "-_",
            _ => return self.member(),
        };
        self.advance()?;
        if function == "-_"
            && let Some(number) = self.negative(&at)?
        {
            return self.members(number);
        }
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(too_deep(at));
        }
        let operand = self.unary()?;
        self.depth -= 1;
        self.call(function, vec![operand], at)
    }

    /// A number behind a minus sign, which is part of it: the least number has no positive form.
    fn negative(&mut self, sign: &Range<usize>) -> Parsed<Option<Id>> {
        let at = sign.start..self.at.end;
        let literal = match &self.token {
            Token::Number(digits) => whole(digits, true, &at)?,
            Token::Literal(Literal::Double(value)) => Literal::Double(-value),
            _ => return Ok(None),
        };
        self.advance()?;
        self.add(Kind::Literal(literal), at).map(Some)
    }

    fn member(&mut self) -> Parsed {
        let primary = self.primary()?;
        self.members(primary)
    }

    fn members(&mut self, mut operand: Id) -> Parsed {
        loop {
            if self.takes(".")? {
                let is_optional = self.takes("?")?;
                let at = self.at.clone();
                let Token::Name(name) = self.token else { return Err(self.unexpected()) };
                self.advance()?;
                if !is_optional && self.is("(") {
                    operand = self.method(operand, name, at)?;
                } else {
                    let field = name.into();
                    operand = self.add(Kind::Select { operand, field, is_optional }, at)?;
                }
            } else if self.is("[") {
                let at = self.at.clone();
                self.advance()?;
                let is_optional = self.takes("?")?;
                let index = self.expression()?;
                self.expect("]")?;
                operand = self.add(Kind::Index { operand, index, is_optional }, at)?;
            } else {
                return Ok(operand);
            }
        }
    }

    fn primary(&mut self) -> Parsed {
        let at = self.at.clone();
        match self.advance()? {
            Token::Literal(literal) => self.add(Kind::Literal(literal), at),
            Token::Number(digits) => {
                let literal = whole(digits, false, &at)?;
                self.add(Kind::Literal(literal), at)
            }
            Token::Name(name) => self.name(name, at),
            Token::Sign(".") => {
                let Token::Name(name) = self.token else { return Err(self.unexpected()) };
                let at = self.at.clone();
                self.advance()?;
                self.name(name, at)
            }
            Token::Sign("(") => {
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Sign("[") => {
                let mut items = Vec::new();
                while !self.takes("]")? {
                    let is_optional = self.takes("?")?;
                    items.push((self.expression()?, is_optional));
                    self.comma("]")?;
                }
                self.add(Kind::List(items), at)
            }
            Token::Sign("{") => {
                let entries = self.entries()?;
                self.add(Kind::Map(entries), at)
            }
            token => {
                self.token = token;
                self.at = at;
                Err(self.unexpected())
            }
        }
    }

    /// Between two items, or before the end.
    fn comma(&mut self, end: &str) -> Parsed<()> {
        if self.is(end) { Ok(()) } else { self.expect(",") }
    }

    fn entries(&mut self) -> Parsed<Vec<Entry>> {
        let mut entries = Vec::new();
        while !self.takes("}")? {
            let is_optional = self.takes("?")?;
            let key = self.expression()?;
            self.expect(":")?;
            let value = self.expression()?;
            entries.push(Entry { key, value, is_optional });
            self.comma("}")?;
        }
        Ok(entries)
    }

    fn name(&mut self, name: &str, at: Range<usize>) -> Parsed {
        if RESERVED.contains(&name) {
            return Err(CompileError::new(format!("`{name}` is a reserved word"), at));
        }
        if self.is("(") {
            let arguments = self.arguments()?;
            if name == "has" {
                return self.has(&arguments, at);
            }
            return self.call(name, arguments, at);
        }
        if let Some(message) = self.message(name)? {
            return self.add(Kind::Struct(message), at);
        }
        self.add(Kind::Name(name.into()), at)
    }

    /// `Type{...}` and `package.Type{...}`, whose fields are read and dropped.
    fn message(&mut self, first: &str) -> Parsed<Option<Text>> {
        let mut ahead = self.lexer.clone();
        let mut path = Text::from(first);
        let mut token = self.token.clone();
        while token == Token::Sign(".") {
            let Token::Name(name) = ahead.next()?.0 else { return Ok(None) };
            path = format_compact!("{path}.{name}");
            token = ahead.next()?.0;
        }
        if token != Token::Sign("{") {
            return Ok(None);
        }
        while !self.is("{") {
            self.advance()?;
        }
        self.advance()?;
        while !self.takes("}")? {
            self.takes("?")?;
            let Token::Name(_) = self.advance()? else { return Err(self.unexpected()) };
            self.expect(":")?;
            self.expression()?;
            self.comma("}")?;
        }
        Ok(Some(path))
    }

    fn arguments(&mut self) -> Parsed<Vec<Id>> {
        self.expect("(")?;
        let mut arguments = Vec::new();
        while !self.takes(")")? {
            arguments.push(self.expression()?);
            self.comma(")")?;
        }
        Ok(arguments)
    }

    fn has(&mut self, arguments: &[Id], at: Range<usize>) -> Parsed {
        if let [one] = arguments
            && let Kind::Select { operand, field, is_optional: false } = &self.tree.get(*one).kind
        {
            let kind = Kind::Has { operand: *operand, field: field.clone() };
            return self.add(kind, at);
        }
        Err(CompileError::new("`has` takes a field, as in `has(a.b)`", at))
    }

    fn method(&mut self, target: Id, name: &str, at: Range<usize>) -> Parsed {
        let mut arguments = self.arguments()?;
        if let Some(fold) = self.fold(target, name, &arguments, &at)? {
            return self.add(Kind::Fold(fold), at);
        }
        arguments.insert(0, target);
        self.add(Kind::Call { function: name.into(), has_target: true, arguments }, at)
    }

    /// The macro of that name and number of arguments.
    fn fold(
        &self,
        range: Id,
        name: &str,
        arguments: &[Id],
        at: &Range<usize>,
    ) -> Parsed<Option<Fold>> {
        let (macro_, variables, has_filter, has_result) = match (name, arguments.len()) {
            ("all", 2) => (Macro::All, 1, true, false),
            ("exists", 2) => (Macro::Exists, 1, true, false),
            ("exists_one" | "existsOne", 2) => (Macro::ExistsOne, 1, true, false),
            ("map", 2) => (Macro::Map, 1, false, true),
            ("map", 3) => (Macro::Map, 1, true, true),
            ("filter", 2) => (Macro::Filter, 1, true, false),
            ("optMap", 2) => (Macro::OptMap, 1, false, true),
            ("optFlatMap", 2) => (Macro::OptFlatMap, 1, false, true),
            ("all", 3) => (Macro::All, 2, true, false),
            ("exists", 3) => (Macro::Exists, 2, true, false),
            ("exists_one" | "existsOne", 3) => (Macro::ExistsOne, 2, true, false),
            ("transformList", 3) => (Macro::Map, 2, false, true),
            ("transformList", 4) => (Macro::Map, 2, true, true),
            ("transformMap", 3) => (Macro::TransformMap, 2, false, true),
            ("transformMap", 4) => (Macro::TransformMap, 2, true, true),
            ("transformMapEntry", 3) => (Macro::TransformMapEntry, 2, false, true),
            ("transformMapEntry", 4) => (Macro::TransformMapEntry, 2, true, true),
            _ => return Ok(None),
        };
        let variable = |place: usize| -> Parsed<Text> {
            let node = arguments.get(place).map(|id| self.tree.get(*id));
            if let Some(Kind::Name(name)) = node.map(|node| &node.kind) {
                return Ok(name.clone());
            }
            let at = node.map_or_else(|| at.clone(), |node| node.at.clone());
            Err(CompileError::new(format!("`{name}` takes the name of a variable"), at))
        };
        let first = variable(0)?;
        let second = if variables == 2 { Some(variable(1)?) } else { None };
        if second.as_ref() == Some(&first) {
            let message = format!("the two variables of `{name}` must differ");
            return Err(CompileError::new(message, at.clone()));
        }
        let mut rest = arguments.get(variables..).unwrap_or_default().iter().copied();
        let filter = if has_filter { rest.next() } else { None };
        let result = if has_result { rest.next() } else { None };
        Ok(Some(Fold { macro_, range, first, second, filter, result }))
    }
}

fn too_deep(at: Range<usize>) -> CompileError {
    CompileError::new(format!("it nests more than {DEPTH_LIMIT} levels"), at)
}

fn whole(digits: &str, is_negative: bool, at: &Range<usize>) -> Parsed<Literal> {
    let value = match digits.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    let value = value.map(|value| if is_negative { -value } else { value });
    match value.ok().and_then(|value| i64::try_from(value).ok()) {
        Some(value) => Ok(Literal::Int(value)),
        None => Err(CompileError::new("the number is too large", at.clone())),
    }
}

/// How closely an operator binds, and the function that it stands for.
fn operator(sign: &str) -> Option<(u8, &'static str)> {
    Some(match sign {
        "||" => (1, ""),
        "&&" => (2, ""),
        "==" => (3, "_==_"),
        "!=" => (3, "_!=_"),
        "<" => (3, "_<_"),
        "<=" => (3, "_<=_"),
        ">" => (3, "_>_"),
        ">=" => (3, "_>=_"),
        "in" => (3, "_in_"),
        "+" => (4, "_+_"),
        "-" => (4, "_-_"),
        "*" => (5, "_*_"),
        "/" => (5, "_/_"),
        "%" => (5, "_%_"),
        _ => return None,
    })
}
