//! `crypto`: digests of texts, and what OPA takes from chance: here from a digest, so that every run is
//! the same.

use md5::Md5;
use regorus::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{Function, integer, text};

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("crypto.md5", 1, |arguments| Ok(digest::<Md5>(arguments))),
    ("crypto.sha1", 1, |arguments| Ok(digest::<Sha1>(arguments))),
    ("crypto.sha256", 1, |arguments| Ok(digest::<Sha256>(arguments))),
    ("crypto.hmac.md5", 2, |arguments| Ok(hmac::<Md5>(arguments, 64))),
    ("crypto.hmac.sha1", 2, |arguments| Ok(hmac::<Sha1>(arguments, 64))),
    ("crypto.hmac.sha256", 2, |arguments| Ok(hmac::<Sha256>(arguments, 64))),
    ("crypto.hmac.sha512", 2, |arguments| Ok(hmac::<Sha512>(arguments, 128))),
    ("crypto.hmac.equal", 2, |arguments| Ok(equal(arguments))),
    ("rand.intn", 2, |arguments| Ok(random(arguments))),
    ("uuid.rfc4122", 1, |arguments| Ok(uuid(arguments))),
];

fn digest<D: Digest>(arguments: &[Value]) -> Option<Value> {
    Some(Value::from(hexadecimal(&D::digest(text(arguments.first())?.as_bytes()))))
}

/// RFC 2104, with the size of a block of the digest.
fn hmac<D: Digest>(arguments: &[Value], block: usize) -> Option<Value> {
    let message = text(arguments.first())?.as_bytes();
    let mut key = text(arguments.get(1))?.as_bytes().to_vec();
    if key.len() > block {
        key = D::digest(&key).to_vec();
    }
    key.resize(block, 0);
    let padded = |with: u8| key.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let inner = D::new().chain_update(padded(0x36)).chain_update(message).finalize();
    let outer = D::new().chain_update(padded(0x5c)).chain_update(inner).finalize();
    Some(Value::from(hexadecimal(&outer)))
}

fn equal(arguments: &[Value]) -> Option<Value> {
    Some(Value::Bool(text(arguments.first())? == text(arguments.get(1))?))
}

fn random(arguments: &[Value]) -> Option<Value> {
    let (seed, limit) = (text(arguments.first())?, integer(arguments.get(1))?);
    let digest = Sha256::digest(seed);
    let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    Some(Value::from(number.checked_rem(limit.unsigned_abs()).unwrap_or(0)))
}

fn uuid(arguments: &[Value]) -> Option<Value> {
    let seed = text(arguments.first())?;
    let digest = Sha256::digest(seed);
    let digits = hexadecimal(&digest);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    // Version 4 and the variant of RFC 4122.
    let (first, second) = (part(0, 8), part(8, 12));
    let (third, fourth, last) = (part(13, 16), part(17, 20), part(20, 32));
    Some(Value::from(format!("{first}-{second}-4{third}-a{fourth}-{last}")))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16));
    bytes.iter().flat_map(digits).flatten().collect()
}
