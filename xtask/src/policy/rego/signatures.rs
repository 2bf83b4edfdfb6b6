//! The functions that OPA provides: how many arguments of which types they take, and what is known
//! of them here.
//!
//! Source: the capabilities of OPA 1.17.1.

use super::{
    Version,
    syntax::{Term, TermKind},
};

/// The function that a template string is a call of.
pub(super) const TEMPLATE: &str = "internal.template_string";

/// The function of ours that a long chain of operators is a call of: `chain("+-", [3, 2, 1])`.
pub(super) const CHAIN: &str = "internal.chain";

/// Name, arguments and result: each is the letters of the types that it may have: string, number,
/// boolean, array, object, Set and z for null; x is any. Sorted by name.
const SIGNATURES: &[(&str, &str, char)] = &[
    ("abs", "n", 'n'),
    ("all", "Sa", 'b'),
    ("and", "S S", 'S'),
    ("any", "Sa", 'b'),
    ("array.concat", "a a", 'a'),
    ("array.flatten", "a", 'a'),
    ("array.reverse", "a", 'a'),
    ("array.slice", "a n n", 'a'),
    ("base64.decode", "s", 's'),
    ("base64.encode", "s", 's'),
    ("base64.is_valid", "s", 'b'),
    ("base64url.decode", "s", 's'),
    ("base64url.encode", "s", 's'),
    ("base64url.encode_no_pad", "s", 's'),
    ("bits.and", "n n", 'n'),
    ("bits.lsh", "n n", 'n'),
    ("bits.negate", "n", 'n'),
    ("bits.or", "n n", 'n'),
    ("bits.rsh", "n n", 'n'),
    ("bits.xor", "n n", 'n'),
    ("cast_array", "x", 'a'),
    ("cast_boolean", "x", 'b'),
    ("cast_null", "x", 'z'),
    ("cast_object", "x", 'o'),
    ("cast_set", "x", 'S'),
    ("cast_string", "x", 's'),
    ("ceil", "n", 'n'),
    ("concat", "s Sa", 's'),
    ("contains", "s s", 'b'),
    ("count", "Saos", 'n'),
    ("crypto.hmac.equal", "s s", 'b'),
    ("crypto.hmac.md5", "s s", 's'),
    ("crypto.hmac.sha1", "s s", 's'),
    ("crypto.hmac.sha256", "s s", 's'),
    ("crypto.hmac.sha512", "s s", 's'),
    ("crypto.md5", "s", 's'),
    ("crypto.parse_private_keys", "s", 'a'),
    ("crypto.sha1", "s", 's'),
    ("crypto.sha256", "s", 's'),
    ("crypto.x509.parse_and_verify_certificates", "s", 'a'),
    ("crypto.x509.parse_and_verify_certificates_with_options", "s o", 'a'),
    ("crypto.x509.parse_certificate_request", "s", 'o'),
    ("crypto.x509.parse_certificates", "s", 'a'),
    ("crypto.x509.parse_keypair", "s s", 'o'),
    ("crypto.x509.parse_rsa_private_key", "s", 'o'),
    ("div", "n n", 'n'),
    ("endswith", "s s", 'b'),
    ("equal", "x x", 'b'),
    ("floor", "n", 'n'),
    ("format_int", "n n", 's'),
    ("glob.match", "s az s", 'b'),
    ("glob.quote_meta", "s", 's'),
    ("graph.reachable", "o Sa", 'S'),
    ("graph.reachable_paths", "o Sa", 'S'),
    ("graphql.is_valid", "os os", 'b'),
    ("graphql.parse", "os os", 'a'),
    ("graphql.parse_and_verify", "os os", 'a'),
    ("graphql.parse_query", "s", 'o'),
    ("graphql.parse_schema", "s", 'o'),
    ("graphql.schema_is_valid", "os", 'b'),
    ("gt", "x x", 'b'),
    ("gte", "x x", 'b'),
    ("hex.decode", "s", 's'),
    ("hex.encode", "s", 's'),
    ("http.send", "o", 'o'),
    ("indexof", "s s", 'n'),
    ("indexof_n", "s s", 'a'),
    (TEMPLATE, "a", 's'),
    ("intersection", "S", 'S'),
    ("io.jwt.decode", "s", 'a'),
    ("io.jwt.decode_verify", "s o", 'a'),
    ("io.jwt.encode_sign", "o o o", 's'),
    ("io.jwt.encode_sign_raw", "s s s", 's'),
    ("io.jwt.verify_eddsa", "s s", 'b'),
    ("io.jwt.verify_es256", "s s", 'b'),
    ("io.jwt.verify_es384", "s s", 'b'),
    ("io.jwt.verify_es512", "s s", 'b'),
    ("io.jwt.verify_hs256", "s s", 'b'),
    ("io.jwt.verify_hs384", "s s", 'b'),
    ("io.jwt.verify_hs512", "s s", 'b'),
    ("io.jwt.verify_ps256", "s s", 'b'),
    ("io.jwt.verify_ps384", "s s", 'b'),
    ("io.jwt.verify_ps512", "s s", 'b'),
    ("io.jwt.verify_rs256", "s s", 'b'),
    ("io.jwt.verify_rs384", "s s", 'b'),
    ("io.jwt.verify_rs512", "s s", 'b'),
    ("is_array", "x", 'b'),
    ("is_boolean", "x", 'b'),
    ("is_null", "x", 'b'),
    ("is_number", "x", 'b'),
    ("is_object", "x", 'b'),
    ("is_set", "x", 'b'),
    ("is_string", "x", 'b'),
    ("json.filter", "o Sa", 'x'),
    ("json.is_valid", "s", 'b'),
    ("json.marshal", "x", 's'),
    ("json.marshal_with_options", "x o", 's'),
    ("json.match_schema", "os os", 'a'),
    ("json.patch", "x a", 'x'),
    ("json.remove", "o Sa", 'x'),
    ("json.unmarshal", "s", 'x'),
    ("json.verify_schema", "os", 'a'),
    ("lower", "s", 's'),
    ("lt", "x x", 'b'),
    ("lte", "x x", 'b'),
    ("max", "Sa", 'x'),
    ("min", "Sa", 'x'),
    ("minus", "Sn Sn", 'x'),
    ("mul", "n n", 'n'),
    ("neq", "x x", 'b'),
    ("net.cidr_contains", "s s", 'b'),
    ("net.cidr_contains_matches", "Saos Saos", 'S'),
    ("net.cidr_expand", "s", 'S'),
    ("net.cidr_intersects", "s s", 'b'),
    ("net.cidr_is_valid", "s", 'b'),
    ("net.cidr_merge", "Sa", 'S'),
    ("net.cidr_overlap", "s s", 'b'),
    ("net.lookup_ip_addr", "s", 'S'),
    ("numbers.range", "n n", 'a'),
    ("numbers.range_step", "n n n", 'a'),
    ("object.filter", "o Sao", 'x'),
    ("object.get", "o x x", 'x'),
    ("object.keys", "o", 'S'),
    ("object.remove", "o Sao", 'x'),
    ("object.subset", "Sao Sao", 'x'),
    ("object.union", "o o", 'x'),
    ("object.union_n", "a", 'x'),
    ("opa.runtime", "", 'o'),
    ("or", "S S", 'S'),
    ("plus", "n n", 'n'),
    ("product", "Sa", 'n'),
    ("providers.aws.sign_req", "o o n", 'o'),
    ("rand.intn", "s n", 'n'),
    ("re_match", "s s", 'b'),
    ("regex.find_all_string_submatch_n", "s s n", 'a'),
    ("regex.find_n", "s s n", 'a'),
    ("regex.globs_match", "s s", 'b'),
    ("regex.is_valid", "s", 'b'),
    ("regex.match", "s s", 'b'),
    ("regex.replace", "s s s", 's'),
    ("regex.split", "s s", 'a'),
    ("regex.template_match", "s s s s", 'b'),
    ("rego.metadata.chain", "", 'a'),
    ("rego.metadata.rule", "", 'x'),
    ("rego.parse_module", "s s", 'o'),
    ("rem", "n n", 'n'),
    ("replace", "s s s", 's'),
    ("round", "n", 'n'),
    ("semver.compare", "s s", 'n'),
    ("semver.is_valid", "x", 'b'),
    ("set_diff", "S S", 'S'),
    ("sort", "Sa", 'a'),
    ("split", "s s", 'a'),
    ("sprintf", "s a", 's'),
    ("startswith", "s s", 'b'),
    ("strings.any_prefix_match", "Sas Sas", 'b'),
    ("strings.any_suffix_match", "Sas Sas", 'b'),
    ("strings.count", "s s", 'n'),
    ("strings.render_template", "s o", 's'),
    ("strings.replace_n", "o s", 's'),
    ("strings.reverse", "s", 's'),
    ("substring", "s n n", 's'),
    ("sum", "Sa", 'n'),
    ("time.add_date", "n n n n", 'n'),
    ("time.clock", "an", 'a'),
    ("time.date", "an", 'a'),
    ("time.diff", "an an", 'a'),
    ("time.format", "an", 's'),
    ("time.now_ns", "", 'n'),
    ("time.parse_duration_ns", "s", 'n'),
    ("time.parse_ns", "s s", 'n'),
    ("time.parse_rfc3339_ns", "s", 'n'),
    ("time.weekday", "an", 's'),
    ("to_number", "bnsz", 'n'),
    ("trace", "s", 'b'),
    ("trim", "s s", 's'),
    ("trim_left", "s s", 's'),
    ("trim_prefix", "s s", 's'),
    ("trim_right", "s s", 's'),
    ("trim_space", "s", 's'),
    ("trim_suffix", "s s", 's'),
    ("type_name", "x", 's'),
    ("union", "S", 'S'),
    ("units.parse", "s", 'n'),
    ("units.parse_bytes", "s", 'n'),
    ("upper", "s", 's'),
    ("uri.is_valid", "s", 'b'),
    ("uri.parse", "s", 'o'),
    ("urlquery.decode", "s", 's'),
    ("urlquery.decode_object", "s", 'o'),
    ("urlquery.encode", "s", 's'),
    ("urlquery.encode_object", "o", 's'),
    ("uuid.parse", "s", 'o'),
    ("uuid.rfc4122", "s", 's'),
    ("walk", "x", 'a'),
    ("yaml.is_valid", "s", 'b'),
    ("yaml.marshal", "x", 's'),
    ("yaml.unmarshal", "s", 'x'),
];

/// Those that version v1 of the language does not have any more.
pub(super) const DEPRECATED: &[(&str, &str)] = &[
    ("all", "`every`"),
    ("any", "`some` or `true in`"),
    ("cast_array", "a comprehension"),
    ("cast_boolean", "`is_boolean`"),
    ("cast_null", "`is_null`"),
    ("cast_object", "`is_object`"),
    ("cast_set", "a comprehension"),
    ("cast_string", "`is_string`"),
    ("net.cidr_overlap", "`net.cidr_contains`"),
    ("re_match", "`regex.match`"),
    ("set_diff", "`-`"),
];

/// Those whose result depends on more than their arguments.
pub(super) const IMPURE: &[&str] =
    &["http.send", "opa.runtime", "rand.intn", "time.now_ns", "uuid.rfc4122"];

/// Those that cannot be evaluated here, by what their names start with, and why.
pub(super) const UNSUPPORTED: &[(&str, &str)] = &[
    ("crypto.parse_private_keys", KEYS),
    ("crypto.x509.", KEYS),
    ("graphql.", "it needs a parser of GraphQL"),
    ("io.jwt.", KEYS),
    ("net.lookup_ip_addr", "it needs a network"),
    ("providers.aws.", "it signs requests for a network"),
    ("regex.globs_match", "its result is not that of its patterns, but of one way to compare them"),
    ("rego.", "a template is no part of what it reviews"),
    ("strings.render_template", "it needs the template language of Go"),
];

/// What certificates, keys and tokens have in common.
const KEYS: &str = "it needs cryptography with keys";

/// The types of the arguments, in letters, with a blank between them; `None` if OPA has no such
/// function.
pub(super) fn signature(name: &str) -> Option<&'static str> {
    let at = SIGNATURES.binary_search_by(|(known, ..)| (*known).cmp(name)).ok()?;
    SIGNATURES.get(at).map(|(_, arguments, _)| *arguments)
}

/// The type of what a function gives, if it is always the same one.
pub(super) fn result(name: &str) -> Option<char> {
    let at = SIGNATURES.binary_search_by(|(known, ..)| (*known).cmp(name)).ok()?;
    SIGNATURES.get(at).map(|(.., result)| *result).filter(|result| *result != 'x')
}

/// How many arguments the function takes.
pub(super) fn arity(name: &str) -> Option<usize> {
    signature(name).map(|arguments| arguments.split_terminator(' ').count())
}

/// Whether the version of the language has the function.
pub(super) fn is_in(name: &str, version: Version) -> bool {
    match version {
        Version::V0 => name != TEMPLATE,
        Version::V1 => deprecated(name).is_none(),
    }
}

/// What to use instead of a deprecated function.
pub(super) fn deprecated(name: &str) -> Option<&'static str> {
    DEPRECATED.iter().find(|(known, _)| *known == name).map(|(_, instead)| *instead)
}

/// Why we do not evaluate a function that OPA does.
pub(super) fn unsupported(name: &str) -> Option<&'static str> {
    UNSUPPORTED.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, why)| *why)
}

/// The names of all functions of a version.
pub(super) fn names(version: Version) -> impl Iterator<Item = &'static str> {
    SIGNATURES.iter().map(|(name, ..)| *name).filter(move |name| is_in(name, version))
}

/// The letter of the type of a term if it is plain from the text.
pub(super) fn letter(term: &Term) -> Option<char> {
    Some(match &term.kind {
        TermKind::Null => 'z',
        TermKind::Bool(_) | TermKind::Member { .. } => 'b',
        TermKind::Number(_) => 'n',
        TermKind::Text(_) => 's',
        TermKind::Array(_) => 'a',
        TermKind::Set(_) => 'S',
        TermKind::Object(_) => 'o',
        TermKind::Comprehension { kind, .. } => match kind {
            super::syntax::Comprehension::Array => 'a',
            super::syntax::Comprehension::Set => 'S',
            super::syntax::Comprehension::Object => 'o',
        },
        TermKind::Operation { operator, .. } => match *operator {
            "+" | "*" | "/" | "%" => 'n',
            "&" | "|" => 'S',
            // A difference is one of numbers or of sets.
            "-" => return None,
            _ => 'b',
        },
        TermKind::Name(_) | TermKind::Reference { .. } | TermKind::Call { .. } => return None,
    })
}

/// A type in words.
pub(super) fn in_words(letter: char) -> &'static str {
    match letter {
        's' => "a string",
        'n' => "a number",
        'b' => "a boolean",
        'a' => "an array",
        'o' => "an object",
        'S' => "a set",
        'z' => "null",
        _ => "anything",
    }
}

/// The types of an argument in words.
pub(super) fn any_in_words(letters: &str) -> String {
    letters.chars().map(in_words).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted() {
        assert!(SIGNATURES.is_sorted_by(|(a, ..), (b, ..)| a < b));
    }
}
