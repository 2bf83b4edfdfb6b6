//! The functions: their names, whether they are called on something, their signatures, and what they
//! do. `A` and `B` stand for any type, each for the same one everywhere in a signature.

use super::{
    super::{
        library::{
            conversion, lists, names, network, optional, quantity, semver, strings, time, url,
        },
        operators,
    },
    Call,
};

const GLOBAL: bool = false;
const MEMBER: bool = true;

pub(super) type Row = (&'static str, bool, &'static [&'static str], Call);

const ORDER: &[&str] = &[
    "bool, bool -> bool",
    "int, int -> bool",
    "int, double -> bool",
    "int, uint -> bool",
    "uint, uint -> bool",
    "uint, double -> bool",
    "uint, int -> bool",
    "double, double -> bool",
    "double, int -> bool",
    "double, uint -> bool",
    "string, string -> bool",
    "bytes, bytes -> bool",
    "timestamp, timestamp -> bool",
    "duration, duration -> bool",
];

const OPERATORS: &[Row] = &[
    ("_==_", GLOBAL, &["A, A -> bool"], operators::equals),
    ("_!=_", GLOBAL, &["A, A -> bool"], operators::differs),
    ("_<_", GLOBAL, ORDER, operators::less),
    ("_<=_", GLOBAL, ORDER, operators::less_or_equal),
    ("_>_", GLOBAL, ORDER, operators::greater),
    ("_>=_", GLOBAL, ORDER, operators::greater_or_equal),
    ("_in_", GLOBAL, &["A, list(A) -> bool", "A, map(A, B) -> bool"], operators::is_in),
    (
        "_+_",
        GLOBAL,
        &[
            "bytes, bytes -> bytes",
            "double, double -> double",
            "duration, duration -> duration",
            "duration, timestamp -> timestamp",
            "timestamp, duration -> timestamp",
            "int, int -> int",
            "list(A), list(A) -> list(A)",
            "string, string -> string",
            "uint, uint -> uint",
        ],
        operators::add,
    ),
    (
        "_-_",
        GLOBAL,
        &[
            "double, double -> double",
            "duration, duration -> duration",
            "int, int -> int",
            "timestamp, duration -> timestamp",
            "timestamp, timestamp -> duration",
            "uint, uint -> uint",
        ],
        operators::subtract,
    ),
    ("_*_", GLOBAL, NUMBERS, operators::multiply),
    ("_/_", GLOBAL, NUMBERS, operators::divide),
    ("_%_", GLOBAL, &["int, int -> int", "uint, uint -> uint"], operators::remainder),
    ("-_", GLOBAL, &["double -> double", "int -> int"], operators::negate),
    ("!_", GLOBAL, &["bool -> bool"], operators::not),
    (
        "_[_]",
        GLOBAL,
        &[
            "list(A), int -> A",
            "map(A, B), A -> B",
            "optional(list(A)), int -> optional(A)",
            "optional(map(A, B)), A -> optional(B)",
        ],
        operators::index,
    ),
    (
        "_[?_]",
        GLOBAL,
        &[
            "list(A), int -> optional(A)",
            "map(A, B), A -> optional(B)",
            "optional(list(A)), int -> optional(A)",
            "optional(map(A, B)), A -> optional(B)",
        ],
        operators::optional_index,
    ),
];

const NUMBERS: &[&str] = &["double, double -> double", "int, int -> int", "uint, uint -> uint"];

const CONVERSIONS: &[Row] = &[
    ("bool", GLOBAL, &["bool -> bool", "string -> bool"], conversion::bool),
    ("bytes", GLOBAL, &["bytes -> bytes", "string -> bytes"], conversion::bytes),
    (
        "double",
        GLOBAL,
        &["double -> double", "int -> double", "string -> double", "uint -> double"],
        conversion::double,
    ),
    ("dyn", GLOBAL, &["A -> dyn"], conversion::dynamic),
    ("duration", GLOBAL, &["duration -> duration", "string -> duration"], time::duration),
    (
        "int",
        GLOBAL,
        &[
            "int -> int",
            "double -> int",
            "duration -> int",
            "string -> int",
            "timestamp -> int",
            "uint -> int",
        ],
        conversion::int,
    ),
    (
        "string",
        GLOBAL,
        &[
            "string -> string",
            "bool -> string",
            "bytes -> string",
            "double -> string",
            "duration -> string",
            "int -> string",
            "timestamp -> string",
            "uint -> string",
            "ip -> string",
            "cidr -> string",
        ],
        conversion::string,
    ),
    (
        "timestamp",
        GLOBAL,
        &["timestamp -> timestamp", "string -> timestamp", "int -> timestamp"],
        time::timestamp,
    ),
    ("type", GLOBAL, &["A -> type"], conversion::type_of),
    (
        "uint",
        GLOBAL,
        &["uint -> uint", "double -> uint", "int -> uint", "string -> uint"],
        conversion::uint,
    ),
    ("size", GLOBAL, SIZE, lists::size),
    ("size", MEMBER, SIZE, lists::size),
];

const SIZE: &[&str] = &["bytes -> int", "list(A) -> int", "map(A, B) -> int", "string -> int"];

const STRINGS: &[Row] = &[
    ("contains", MEMBER, &["string, string -> bool"], strings::contains),
    ("endsWith", MEMBER, &["string, string -> bool"], strings::ends_with),
    ("matches", GLOBAL, &["string, string -> bool"], strings::matches),
    ("matches", MEMBER, &["string, string -> bool"], strings::matches),
    ("startsWith", MEMBER, &["string, string -> bool"], strings::starts_with),
    ("charAt", MEMBER, &["string, int -> string"], strings::char_at),
    ("format", MEMBER, &["string, list(dyn) -> string"], strings::format),
    ("join", MEMBER, &["list(string) -> string", "list(string), string -> string"], strings::join),
    ("lowerAscii", MEMBER, &["string -> string"], strings::lower_ascii),
    (
        "replace",
        MEMBER,
        &["string, string, string -> string", "string, string, string, int -> string"],
        strings::replace,
    ),
    (
        "split",
        MEMBER,
        &["string, string -> list(string)", "string, string, int -> list(string)"],
        strings::split,
    ),
    ("strings.quote", GLOBAL, &["string -> string"], strings::quote),
    (
        "substring",
        MEMBER,
        &["string, int -> string", "string, int, int -> string"],
        strings::substring,
    ),
    ("trim", MEMBER, &["string -> string"], strings::trim),
    ("upperAscii", MEMBER, &["string -> string"], strings::upper_ascii),
    ("find", MEMBER, &["string, string -> string"], strings::find),
    (
        "findAll",
        MEMBER,
        &["string, string -> list(string)", "string, string, int -> list(string)"],
        strings::find_all,
    ),
];

const COMPARABLE_LISTS: &[&str] = &[
    "list(int) -> int",
    "list(uint) -> uint",
    "list(double) -> double",
    "list(bool) -> bool",
    "list(duration) -> duration",
    "list(timestamp) -> timestamp",
    "list(string) -> string",
    "list(bytes) -> bytes",
];

const LISTS: &[Row] = &[
    (
        "isSorted",
        MEMBER,
        &[
            "list(int) -> bool",
            "list(uint) -> bool",
            "list(double) -> bool",
            "list(bool) -> bool",
            "list(duration) -> bool",
            "list(timestamp) -> bool",
            "list(string) -> bool",
            "list(bytes) -> bool",
        ],
        lists::is_sorted,
    ),
    (
        "sum",
        MEMBER,
        &[
            "list(int) -> int",
            "list(uint) -> uint",
            "list(double) -> double",
            "list(duration) -> duration",
        ],
        lists::sum,
    ),
    ("max", MEMBER, COMPARABLE_LISTS, lists::max),
    ("min", MEMBER, COMPARABLE_LISTS, lists::min),
    (
        "indexOf",
        MEMBER,
        &["list(A), A -> int", "string, string -> int", "string, string, int -> int"],
        lists::index_of,
    ),
    (
        "lastIndexOf",
        MEMBER,
        &["list(A), A -> int", "string, string -> int", "string, string, int -> int"],
        lists::last_index_of,
    ),
    ("sets.contains", GLOBAL, &["list(A), list(A) -> bool"], lists::sets_contains),
    ("sets.equivalent", GLOBAL, &["list(A), list(A) -> bool"], lists::sets_equivalent),
    ("sets.intersects", GLOBAL, &["list(A), list(A) -> bool"], lists::sets_intersects),
];

const PART_OF_TIME: &[&str] = &["timestamp -> int", "timestamp, string -> int"];
const PART_OF_TIME_OR_DURATION: &[&str] =
    &["timestamp -> int", "timestamp, string -> int", "duration -> int"];

const TIMES: &[Row] = &[
    ("getFullYear", MEMBER, PART_OF_TIME, time::full_year),
    ("getMonth", MEMBER, PART_OF_TIME, time::month),
    ("getDayOfYear", MEMBER, PART_OF_TIME, time::day_of_year),
    ("getDayOfMonth", MEMBER, PART_OF_TIME, time::day_of_month),
    ("getDate", MEMBER, PART_OF_TIME, time::date),
    ("getDayOfWeek", MEMBER, PART_OF_TIME, time::day_of_week),
    ("getHours", MEMBER, PART_OF_TIME_OR_DURATION, time::hours),
    ("getMinutes", MEMBER, PART_OF_TIME_OR_DURATION, time::minutes),
    ("getSeconds", MEMBER, PART_OF_TIME_OR_DURATION, time::seconds),
    ("getMilliseconds", MEMBER, PART_OF_TIME_OR_DURATION, time::milliseconds),
];

const OPTIONALS: &[Row] = &[
    ("optional.of", GLOBAL, &["A -> optional(A)"], optional::of),
    ("optional.none", GLOBAL, &["-> optional(A)"], optional::none),
    ("optional.ofNonZeroValue", GLOBAL, &["A -> optional(A)"], optional::of_non_zero_value),
    ("hasValue", MEMBER, &["optional(A) -> bool"], optional::has_value),
    ("value", MEMBER, &["optional(A) -> A"], optional::value),
    ("or", MEMBER, &["optional(A), optional(A) -> optional(A)"], optional::or),
    ("orValue", MEMBER, &["optional(A), A -> A"], optional::or_value),
];

const URLS: &[Row] = &[
    ("url", GLOBAL, &["string -> url"], url::url),
    ("isURL", GLOBAL, &["string -> bool"], url::is_url),
    ("getScheme", MEMBER, &["url -> string"], url::scheme),
    ("getHost", MEMBER, &["url -> string"], url::host),
    ("getHostname", MEMBER, &["url -> string"], url::hostname),
    ("getPort", MEMBER, &["url -> string"], url::port),
    ("getEscapedPath", MEMBER, &["url -> string"], url::escaped_path),
    ("getQuery", MEMBER, &["url -> map(string, list(string))"], url::query),
];

const NETWORKS: &[Row] = &[
    ("ip", GLOBAL, &["string -> ip"], network::ip),
    ("ip", MEMBER, &["cidr -> ip"], network::address_of),
    ("isIP", GLOBAL, &["string -> bool"], network::is_ip),
    ("ip.isCanonical", GLOBAL, &["string -> bool"], network::is_canonical),
    ("family", MEMBER, &["ip -> int"], network::family),
    ("isUnspecified", MEMBER, &["ip -> bool"], network::is_unspecified),
    ("isLoopback", MEMBER, &["ip -> bool"], network::is_loopback),
    ("isLinkLocalMulticast", MEMBER, &["ip -> bool"], network::is_link_local_multicast),
    ("isLinkLocalUnicast", MEMBER, &["ip -> bool"], network::is_link_local_unicast),
    ("isGlobalUnicast", MEMBER, &["ip -> bool"], network::is_global_unicast),
    ("cidr", GLOBAL, &["string -> cidr"], network::cidr),
    ("isCIDR", GLOBAL, &["string -> bool"], network::is_cidr),
    ("containsIP", MEMBER, &["cidr, string -> bool", "cidr, ip -> bool"], network::contains_ip),
    (
        "containsCIDR",
        MEMBER,
        &["cidr, string -> bool", "cidr, cidr -> bool"],
        network::contains_cidr,
    ),
    ("prefixLength", MEMBER, &["cidr -> int"], network::prefix_length),
    ("masked", MEMBER, &["cidr -> cidr"], network::masked),
];

const AMOUNTS: &[Row] = &[
    ("quantity", GLOBAL, &["string -> quantity"], quantity::quantity),
    ("isQuantity", GLOBAL, &["string -> bool"], quantity::is_quantity),
    ("sign", GLOBAL, &["quantity -> int"], quantity::sign),
    ("sign", MEMBER, &["quantity -> int"], quantity::sign),
    ("asApproximateFloat", MEMBER, &["quantity -> double"], quantity::as_approximate_float),
    ("asInteger", MEMBER, &["quantity -> int"], quantity::as_integer),
    ("isInteger", MEMBER, &["quantity -> bool"], quantity::is_integer),
    (
        "add",
        MEMBER,
        &["quantity, quantity -> quantity", "quantity, int -> quantity"],
        quantity::add,
    ),
    (
        "sub",
        MEMBER,
        &["quantity, quantity -> quantity", "quantity, int -> quantity"],
        quantity::subtract,
    ),
    ("semver", GLOBAL, &["string -> semver", "string, bool -> semver"], semver::semver),
    ("isSemver", GLOBAL, &["string -> bool", "string, bool -> bool"], semver::is_semver),
    ("major", MEMBER, &["semver -> int"], semver::major),
    ("minor", MEMBER, &["semver -> int"], semver::minor),
    ("patch", MEMBER, &["semver -> int"], semver::patch),
    (
        "isGreaterThan",
        MEMBER,
        &["quantity, quantity -> bool", "semver, semver -> bool"],
        quantity::is_greater_than,
    ),
    (
        "isLessThan",
        MEMBER,
        &["quantity, quantity -> bool", "semver, semver -> bool"],
        quantity::is_less_than,
    ),
    (
        "compareTo",
        MEMBER,
        &["quantity, quantity -> int", "semver, semver -> int"],
        quantity::compare_to,
    ),
];

const FORMATS: &[Row] = &[
    ("format.named", GLOBAL, &["string -> optional(format)"], names::named),
    ("validate", MEMBER, &["format, string -> optional(list(string))"], names::validate),
    ("format.dns1123Label", GLOBAL, &["-> format"], names::dns1123_label),
    ("format.dns1123Subdomain", GLOBAL, &["-> format"], names::dns1123_subdomain),
    ("format.dns1035Label", GLOBAL, &["-> format"], names::dns1035_label),
    ("format.qualifiedName", GLOBAL, &["-> format"], names::qualified_name),
    ("format.dns1123LabelPrefix", GLOBAL, &["-> format"], names::dns1123_label_prefix),
    ("format.dns1123SubdomainPrefix", GLOBAL, &["-> format"], names::dns1123_subdomain_prefix),
    ("format.dns1035LabelPrefix", GLOBAL, &["-> format"], names::dns1035_label_prefix),
    ("format.labelValue", GLOBAL, &["-> format"], names::label_value),
    ("format.uri", GLOBAL, &["-> format"], names::uri),
    ("format.uuid", GLOBAL, &["-> format"], names::uuid),
    ("format.byte", GLOBAL, &["-> format"], names::byte),
    ("format.date", GLOBAL, &["-> format"], names::date),
    ("format.datetime", GLOBAL, &["-> format"], names::datetime),
    ("jsonpatch.escapeKey", GLOBAL, &["string -> string"], strings::escape_key),
];

/// What only a server can answer, and what only newer servers know.
pub(super) const UNSUPPORTED: &[Row] = &[
    ("path", MEMBER, &["authorizer, string -> pathcheck"], conversion::unsupported),
    ("group", MEMBER, &["authorizer, string -> groupcheck"], conversion::unsupported),
    (
        "serviceAccount",
        MEMBER,
        &["authorizer, string, string -> authorizer"],
        conversion::unsupported,
    ),
    ("resource", MEMBER, &["groupcheck, string -> resourcecheck"], conversion::unsupported),
    ("subresource", MEMBER, &["resourcecheck, string -> resourcecheck"], conversion::unsupported),
    ("namespace", MEMBER, &["resourcecheck, string -> resourcecheck"], conversion::unsupported),
    ("name", MEMBER, &["resourcecheck, string -> resourcecheck"], conversion::unsupported),
    ("fieldSelector", MEMBER, &["resourcecheck, string -> resourcecheck"], conversion::unsupported),
    ("labelSelector", MEMBER, &["resourcecheck, string -> resourcecheck"], conversion::unsupported),
    (
        "check",
        MEMBER,
        &["pathcheck, string -> decision", "resourcecheck, string -> decision"],
        conversion::unsupported,
    ),
    ("allowed", MEMBER, &["decision -> bool"], conversion::unsupported),
    ("reason", MEMBER, &["decision -> string"], conversion::unsupported),
    ("errored", MEMBER, &["decision -> bool"], conversion::unsupported),
    ("error", MEMBER, &["decision -> string"], conversion::unsupported),
    ("mul", MEMBER, &["quantity, int -> quantity"], conversion::unsupported),
    (
        "div",
        MEMBER,
        &["quantity, int -> quantity", "quantity, int, int -> quantity"],
        conversion::unsupported,
    ),
    ("divInt", MEMBER, &["quantity, int -> quantity"], conversion::unsupported),
    ("includes", MEMBER, &["dyn, dyn -> bool"], conversion::unsupported),
];

/// All of them.
pub(super) fn table() -> impl Iterator<Item = Row> {
    let tables = [
        OPERATORS,
        CONVERSIONS,
        STRINGS,
        LISTS,
        TIMES,
        OPTIONALS,
        URLS,
        NETWORKS,
        AMOUNTS,
        FORMATS,
        UNSUPPORTED,
    ];
    tables.into_iter().flatten().copied()
}
