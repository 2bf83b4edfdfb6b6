//! The functions that OPA provides: how many arguments of which types they take, and what is known
//! of them here.
//!
//! Source: the capabilities of OPA 1.17.1.

use super::{
    Version,
    syntax::{Term, TermKind},
};

/// Name and arguments: each is the letters of the types that it may have: string, number, boolean,
/// array, object, Set and z for null; x is any. Sorted by name.
const SIGNATURES: &[(&str, &str)] = &[
    ("abs", "n"),
    ("all", "Sa"),
    ("and", "S S"),
    ("any", "Sa"),
    ("array.concat", "a a"),
    ("array.flatten", "a"),
    ("array.reverse", "a"),
    ("array.slice", "a n n"),
    ("base64.decode", "s"),
    ("base64.encode", "s"),
    ("base64.is_valid", "s"),
    ("base64url.decode", "s"),
    ("base64url.encode", "s"),
    ("base64url.encode_no_pad", "s"),
    ("bits.and", "n n"),
    ("bits.lsh", "n n"),
    ("bits.negate", "n"),
    ("bits.or", "n n"),
    ("bits.rsh", "n n"),
    ("bits.xor", "n n"),
    ("cast_array", "x"),
    ("cast_boolean", "x"),
    ("cast_null", "x"),
    ("cast_object", "x"),
    ("cast_set", "x"),
    ("cast_string", "x"),
    ("ceil", "n"),
    ("concat", "s Sa"),
    ("contains", "s s"),
    ("count", "Saos"),
    ("crypto.hmac.equal", "s s"),
    ("crypto.hmac.md5", "s s"),
    ("crypto.hmac.sha1", "s s"),
    ("crypto.hmac.sha256", "s s"),
    ("crypto.hmac.sha512", "s s"),
    ("crypto.md5", "s"),
    ("crypto.parse_private_keys", "s"),
    ("crypto.sha1", "s"),
    ("crypto.sha256", "s"),
    ("crypto.x509.parse_and_verify_certificates", "s"),
    ("crypto.x509.parse_and_verify_certificates_with_options", "s o"),
    ("crypto.x509.parse_certificate_request", "s"),
    ("crypto.x509.parse_certificates", "s"),
    ("crypto.x509.parse_keypair", "s s"),
    ("crypto.x509.parse_rsa_private_key", "s"),
    ("div", "n n"),
    ("endswith", "s s"),
    ("equal", "x x"),
    ("floor", "n"),
    ("format_int", "n n"),
    ("glob.match", "s az s"),
    ("glob.quote_meta", "s"),
    ("graph.reachable", "o Sa"),
    ("graph.reachable_paths", "o Sa"),
    ("graphql.is_valid", "os os"),
    ("graphql.parse", "os os"),
    ("graphql.parse_and_verify", "os os"),
    ("graphql.parse_query", "s"),
    ("graphql.parse_schema", "s"),
    ("graphql.schema_is_valid", "os"),
    ("gt", "x x"),
    ("gte", "x x"),
    ("hex.decode", "s"),
    ("hex.encode", "s"),
    ("http.send", "o"),
    ("indexof", "s s"),
    ("indexof_n", "s s"),
    ("intersection", "S"),
    ("io.jwt.decode", "s"),
    ("io.jwt.decode_verify", "s o"),
    ("io.jwt.encode_sign", "o o o"),
    ("io.jwt.encode_sign_raw", "s s s"),
    ("io.jwt.verify_eddsa", "s s"),
    ("io.jwt.verify_es256", "s s"),
    ("io.jwt.verify_es384", "s s"),
    ("io.jwt.verify_es512", "s s"),
    ("io.jwt.verify_hs256", "s s"),
    ("io.jwt.verify_hs384", "s s"),
    ("io.jwt.verify_hs512", "s s"),
    ("io.jwt.verify_ps256", "s s"),
    ("io.jwt.verify_ps384", "s s"),
    ("io.jwt.verify_ps512", "s s"),
    ("io.jwt.verify_rs256", "s s"),
    ("io.jwt.verify_rs384", "s s"),
    ("io.jwt.verify_rs512", "s s"),
    ("is_array", "x"),
    ("is_boolean", "x"),
    ("is_null", "x"),
    ("is_number", "x"),
    ("is_object", "x"),
    ("is_set", "x"),
    ("is_string", "x"),
    ("json.filter", "o Sa"),
    ("json.is_valid", "s"),
    ("json.marshal", "x"),
    ("json.marshal_with_options", "x o"),
    ("json.match_schema", "os os"),
    ("json.patch", "x a"),
    ("json.remove", "o Sa"),
    ("json.unmarshal", "s"),
    ("json.verify_schema", "os"),
    ("lower", "s"),
    ("lt", "x x"),
    ("lte", "x x"),
    ("max", "Sa"),
    ("min", "Sa"),
    ("minus", "Sn Sn"),
    ("mul", "n n"),
    ("neq", "x x"),
    ("net.cidr_contains", "s s"),
    ("net.cidr_contains_matches", "Saos Saos"),
    ("net.cidr_expand", "s"),
    ("net.cidr_intersects", "s s"),
    ("net.cidr_is_valid", "s"),
    ("net.cidr_merge", "Sa"),
    ("net.cidr_overlap", "s s"),
    ("net.lookup_ip_addr", "s"),
    ("numbers.range", "n n"),
    ("numbers.range_step", "n n n"),
    ("object.filter", "o Sao"),
    ("object.get", "o x x"),
    ("object.keys", "o"),
    ("object.remove", "o Sao"),
    ("object.subset", "Sao Sao"),
    ("object.union", "o o"),
    ("object.union_n", "a"),
    ("opa.runtime", ""),
    ("or", "S S"),
    ("plus", "n n"),
    ("product", "Sa"),
    ("providers.aws.sign_req", "o o n"),
    ("rand.intn", "s n"),
    ("re_match", "s s"),
    ("regex.find_all_string_submatch_n", "s s n"),
    ("regex.find_n", "s s n"),
    ("regex.globs_match", "s s"),
    ("regex.is_valid", "s"),
    ("regex.match", "s s"),
    ("regex.replace", "s s s"),
    ("regex.split", "s s"),
    ("regex.template_match", "s s s s"),
    ("rego.metadata.chain", ""),
    ("rego.metadata.rule", ""),
    ("rego.parse_module", "s s"),
    ("rem", "n n"),
    ("replace", "s s s"),
    ("round", "n"),
    ("semver.compare", "s s"),
    ("semver.is_valid", "x"),
    ("set_diff", "S S"),
    ("sort", "Sa"),
    ("split", "s s"),
    ("sprintf", "s a"),
    ("startswith", "s s"),
    ("strings.any_prefix_match", "Sas Sas"),
    ("strings.any_suffix_match", "Sas Sas"),
    ("strings.count", "s s"),
    ("strings.render_template", "s o"),
    ("strings.replace_n", "o s"),
    ("strings.reverse", "s"),
    ("substring", "s n n"),
    ("sum", "Sa"),
    ("time.add_date", "n n n n"),
    ("time.clock", "an"),
    ("time.date", "an"),
    ("time.diff", "an an"),
    ("time.format", "an"),
    ("time.now_ns", ""),
    ("time.parse_duration_ns", "s"),
    ("time.parse_ns", "s s"),
    ("time.parse_rfc3339_ns", "s"),
    ("time.weekday", "an"),
    ("to_number", "bnsz"),
    ("trace", "s"),
    ("trim", "s s"),
    ("trim_left", "s s"),
    ("trim_prefix", "s s"),
    ("trim_right", "s s"),
    ("trim_space", "s"),
    ("trim_suffix", "s s"),
    ("type_name", "x"),
    ("union", "S"),
    ("units.parse", "s"),
    ("units.parse_bytes", "s"),
    ("upper", "s"),
    ("uri.is_valid", "s"),
    ("uri.parse", "s"),
    ("urlquery.decode", "s"),
    ("urlquery.decode_object", "s"),
    ("urlquery.encode", "s"),
    ("urlquery.encode_object", "o"),
    ("uuid.parse", "s"),
    ("uuid.rfc4122", "s"),
    ("walk", "x"),
    ("yaml.is_valid", "s"),
    ("yaml.marshal", "x"),
    ("yaml.unmarshal", "s"),
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

/// Those that cannot be evaluated here, by what their names start with.
const UNSUPPORTED: &[&str] = &[
    "crypto.parse_private_keys",
    "crypto.x509.",
    "graph.reachable_paths",
    "graphql.",
    "io.jwt.",
    "json.match_schema",
    "json.verify_schema",
    "net.lookup_ip_addr",
    "providers.",
    "regex.globs_match",
    "rego.",
    "strings.render_template",
    "uri.",
    "urlquery.",
    "uuid.parse",
];

/// The types of the arguments, in letters, with a blank between them; `None` if OPA has no such
/// function.
pub(super) fn signature(name: &str) -> Option<&'static str> {
    let at = SIGNATURES.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    SIGNATURES.get(at).map(|(_, arguments)| *arguments)
}

/// How many arguments the function takes.
pub(super) fn arity(name: &str) -> Option<usize> {
    signature(name).map(|arguments| arguments.split_terminator(' ').count())
}

/// Whether the version of the language has the function.
pub(super) fn is_in(name: &str, version: Version) -> bool {
    version == Version::V0 || deprecated(name).is_none()
}

/// What to use instead of a deprecated function.
pub(super) fn deprecated(name: &str) -> Option<&'static str> {
    DEPRECATED.iter().find(|(known, _)| *known == name).map(|(_, instead)| *instead)
}

/// Whether OPA evaluates it and we do not.
pub(super) fn is_unsupported(name: &str) -> bool {
    UNSUPPORTED.iter().any(|prefix| name.starts_with(prefix))
}

/// The names of all functions of a version.
pub(super) fn names(version: Version) -> impl Iterator<Item = &'static str> {
    SIGNATURES.iter().map(|(name, _)| *name).filter(move |name| is_in(name, version))
}

/// The name of the type of a term if it is plain from the text, and whether an argument may have it.
pub(super) fn fits(term: &Term, letters: &str) -> Result<(), &'static str> {
    let (letter, name) = match &term.kind {
        TermKind::Null => ('z', "null"),
        TermKind::Bool(_) => ('b', "a boolean"),
        TermKind::Number(_) => ('n', "a number"),
        TermKind::Text(_) => ('s', "a string"),
        TermKind::Array(_) => ('a', "an array"),
        TermKind::Set(_) => ('S', "a set"),
        TermKind::Object(_) => ('o', "an object"),
        TermKind::Comprehension { kind, .. } => match kind {
            super::syntax::Comprehension::Array => ('a', "an array"),
            super::syntax::Comprehension::Set => ('S', "a set"),
            super::syntax::Comprehension::Object => ('o', "an object"),
        },
        TermKind::Name(_)
        | TermKind::Reference { .. }
        | TermKind::Call { .. }
        | TermKind::Operation { .. }
        | TermKind::Member { .. } => return Ok(()),
    };
    if letters == "x" || letters.contains(letter) { Ok(()) } else { Err(name) }
}

/// The types of an argument in words.
pub(super) fn in_words(letters: &str) -> String {
    let words: Vec<&str> = letters
        .chars()
        .map(|letter| match letter {
            's' => "a string",
            'n' => "a number",
            'b' => "a boolean",
            'a' => "an array",
            'o' => "an object",
            'S' => "a set",
            'z' => "null",
            _ => "anything",
        })
        .collect();
    words.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted() {
        assert!(SIGNATURES.is_sorted_by(|(a, _), (b, _)| a < b));
    }
}
