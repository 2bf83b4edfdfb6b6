//! What the functions return.

use super::*;

#[test]
fn conversions() {
    check(&[
        ("int('12') + int(1.9) + int(3u)", "16"),
        ("int('a')", "error: type conversion error from 'string' to 'int'"),
        ("int(1e30)", "error: integer overflow"),
        ("uint(5) + uint('6')", "11"),
        ("uint(-1)", "error: unsigned integer overflow"),
        ("double(3) + double('1.5')", "4.5"),
        ("string(1) + string(1.5) + string(true) + string(2u)", "11.5true2"),
        ("string(b'abc')", "abc"),
        ("string(duration('90m'))", "5400s"),
        ("string(duration('1500ms'))", "1.5s"),
        ("string(timestamp('2026-01-02T03:04:05.6+01:00'))", "2026-01-02T02:04:05.6Z"),
        ("bool('true') && !bool('0')", "true"),
        ("bool('x')", "error: type conversion error from 'string' to 'bool'"),
        ("bytes('é').size()", "2"),
        ("'é'.size()", "1"),
        ("size([1, 2]) + size({'a': 1}) + size('abc')", "6"),
        ("int(timestamp('1970-01-02T00:00:00Z'))", "86400"),
    ]);
}

#[test]
fn times() {
    check(&[
        ("duration('1h30m') - duration('30m') == duration('1h')", "true"),
        ("duration('1h1m1s').getMinutes()", "61"),
        ("duration('-1.5h').getHours()", "-1"),
        ("timestamp('2024-02-29T12:30:45.123Z').getMonth()", "1"),
        ("timestamp('2024-02-29T12:30:45.123Z').getDate()", "29"),
        ("timestamp('2024-02-29T12:30:45.123Z').getDayOfMonth()", "28"),
        ("timestamp('2024-02-29T12:30:45.123Z').getDayOfYear()", "59"),
        ("timestamp('2024-02-29T12:30:45.123Z').getDayOfWeek()", "4"),
        ("timestamp('2024-02-29T12:30:45.123Z').getMilliseconds()", "123"),
        ("timestamp('2024-02-29T23:30:45Z').getHours('+01:00')", "0"),
        ("timestamp('2024-02-29T23:30:45Z').getHours('-02:30')", "21"),
        ("timestamp('2024-02-29T23:30:45Z').getFullYear('Europe/Berlin')", "Unsupported"),
        (
            "timestamp('2024-03-01T00:00:00Z') - timestamp('2024-02-28T00:00:00Z') == duration('48h')",
            "true",
        ),
        (
            "timestamp('2024-02-28T00:00:00Z') + duration('24h') == timestamp('2024-02-29T00:00:00Z')",
            "true",
        ),
        (
            "timestamp('9999-12-31T23:59:59Z') + duration('1s') == timestamp(0)",
            "error: integer overflow",
        ),
        ("timestamp(0)", "1970-01-01T00:00:00Z"),
        ("string(timestamp('0001-01-01T00:00:00Z'))", "0001-01-01T00:00:00Z"),
    ]);
}

#[test]
fn strings() {
    check(&[
        ("'hello'.contains('ell') && 'hello'.startsWith('he') && 'hello'.endsWith('lo')", "true"),
        ("'hello'.matches('^h.*o$') && matches('hello', 'l+')", "true"),
        (r"'é1'.matches(r'^\w+$')", "false"),
        ("'tacocat'.charAt(3) + 'tacocat'.charAt(7)", "o"),
        ("'tacocat'.charAt(8)", "error: index out of range: 8"),
        ("'tacocat'.indexOf('ac') + 'tacocat'.indexOf('a', 3)", "6"),
        ("'tacocat'.indexOf('none')", "-1"),
        ("'tacocat'.lastIndexOf('at') + 'tacocat'.lastIndexOf('a', 3)", "6"),
        ("'été'.indexOf('é', 1)", "2"),
        ("'été'.lastIndexOf('é', 1)", "0"),
        ("'TacoCÆt'.lowerAscii() + 'tacoCÆt'.upperAscii()", "tacocÆtTACOCÆT"),
        (
            "'hello hello'.replace('he', 'we') + 'hello hello'.replace('he', 'we', 1)",
            "wello wellowello hello",
        ),
        ("'ab'.replace('', '_')", "_a_b_"),
        ("'hello hello hello'.split(' ')", "[hello, hello, hello]"),
        ("'a b c'.split(' ', 2)", "[a, b c]"),
        ("'a b c'.split(' ', 0)", "[]"),
        ("'aé'.split('')", "[a, é]"),
        ("['x', 'y'].join() + ['x', 'y'].join('-')", "xyx-y"),
        ("'tacocat'.substring(4) + 'tacocat'.substring(0, 4)", "cattaco"),
        ("'tacocat'.substring(5, 4)", "error: invalid substring range. start: 5, end: 4"),
        ("'  \\ttrim\\n  '.trim()", "trim"),
        ("strings.quote('a\"b\\n')", r#""a\"b\n""#),
        ("'abc 123'.find('[0-9]+') + 'x'.find('[0-9]+')", "123"),
        ("'123 abc 456'.findAll('[0-9]+')", "[123, 456]"),
        ("'123 abc 456'.findAll('[0-9]+', 1)", "[123]"),
        ("'a'.find('(')", "error: the pattern cannot be used: unclosed group"),
        ("jsonpatch.escapeKey('a/b~c')", "a~1b~0c"),
    ]);
}

#[test]
fn templates() {
    check(&[
        (
            "'%s is %d, %.2f, %e, %x, %X, %b, %o, %%'.format(['a', 1, 1.5, 1234.5, 255, 'hi', 5, 8])",
            "a is 1, 1.50, 1.234500e+03, ff, 6869, 101, 10, %",
        ),
        ("'%s'.format([[1, 'a', null, true]])", "[1, a, null, true]"),
        ("'%s'.format([{'b': 1, 'a': [2.5]}])", "{a: [2.5], b: 1}"),
        ("'%s %s'.format([duration('90s'), timestamp(0)])", "90s 1970-01-01T00:00:00Z"),
        (
            "'%d'.format(['a'])",
            "error: error during formatting: decimal clause can only be used on integers, was given string",
        ),
        ("'%s %s'.format(['a'])", "error: there are fewer values than `%`"),
        ("'%x'.format([-255])", "-ff"),
        ("'%'.format([1])", "error: the text ends after `%`"),
    ]);
}

#[test]
fn lists_and_sets() {
    check(&[
        ("[1, 2, 2].isSorted() && !['b', 'a'].isSorted() && [1].isSorted()", "true"),
        ("[1, 3].sum() + [].sum()", "4"),
        ("[1.5, 2.5].sum()", "4"),
        ("[duration('1m'), duration('1s')].sum() == duration('61s')", "true"),
        ("[3, 1, 2].min() + [3, 1, 2].max()", "4"),
        ("[].max() == 1", "error: max called on empty list"),
        ("[1, 2, 2].indexOf(2) + [1, 2, 2].lastIndexOf(2) + [1].indexOf(9)", "2"),
        ("sets.contains([1, 2, 3], [3, 1]) && !sets.contains([1], [2])", "true"),
        ("sets.equivalent([1, 2], [2, 1, 1]) && !sets.equivalent([1], [1, 2])", "true"),
        ("sets.intersects([1, 2], [2, 3]) && !sets.intersects([1], [2])", "true"),
    ]);
}

#[test]
fn addresses() {
    check(&[
        (
            "isIP('10.0.0.1') && isIP('::1') && !isIP('10.0.0.256') && !isIP('::ffff:1.2.3.4')",
            "true",
        ),
        ("isIP('010.0.0.1') || isIP('fe80::1%eth0') || isIP('')", "false"),
        ("ip('127.0.0.1').family() + ip('::1').family()", "10"),
        (
            "ip('x')",
            "error: IP Address \"x\" parse error during conversion from string: ParseAddr(\"x\"): unable to parse IP",
        ),
        ("ip('127.0.0.1').isLoopback() && ip('0.0.0.0').isUnspecified()", "true"),
        ("ip('224.0.0.1').isLinkLocalMulticast() && ip('ff02::1').isLinkLocalMulticast()", "true"),
        (
            "ip('169.254.169.254').isLinkLocalUnicast() && ip('fe80::1').isLinkLocalUnicast()",
            "true",
        ),
        ("ip('192.168.0.1').isGlobalUnicast() && !ip('255.255.255.255').isGlobalUnicast()", "true"),
        ("ip.isCanonical('2001:db8::abcd') && !ip.isCanonical('2001:DB8::ABCD')", "true"),
        ("ip('10.0.0.1') == ip('10.0.0.1') && string(ip('::0001')) == '::1'", "true"),
        ("cidr('192.168.0.0/24').containsIP('192.168.0.1')", "true"),
        ("cidr('192.168.0.0/24').containsIP(ip('192.168.1.1'))", "false"),
        ("cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24')", "true"),
        ("cidr('192.168.10.0/24').containsCIDR(cidr('192.168.0.0/16'))", "false"),
        ("cidr('192.168.0.1/24').masked() == cidr('192.168.0.0/24')", "true"),
        ("cidr('192.168.0.1/24').prefixLength() + cidr('::1/128').ip().family()", "30"),
        ("isCIDR('10.0.0.0/8') && !isCIDR('10.0.0.0/33') && !isCIDR('10.0.0.0')", "true"),
        ("string(cidr('10.0.0.0/8'))", "10.0.0.0/8"),
    ]);
}

#[test]
fn urls() {
    check(&[
        ("url('https://example.com:80/path?k=a&k=b+c').getHost()", "example.com:80"),
        (
            "url('https://example.com:80/').getHostname() + url('https://[::1]:80/').getHostname()",
            "example.com::1",
        ),
        ("url('https://example.com:80/').getPort() + url('https://example.com/').getPort()", "80"),
        ("url('HTTPS://example.com/').getScheme()", "https"),
        ("url('https://example.com/a b').getEscapedPath()", "/a%20b"),
        ("url('https://example.com/p?k=a&k=b+c&x=%41').getQuery()", "{k: [a, b c], x: [A]}"),
        (
            "url('/absolute').getScheme() == '' && url('/absolute').getEscapedPath() == '/absolute'",
            "true",
        ),
        (
            "isURL('https://user:pass@example.com:80/path') && isURL('/path') && isURL('mailto:a@b.c')",
            "true",
        ),
        (
            "isURL('example.com') || isURL('../up') || isURL('') || isURL('https://a:b:c/') || isURL('https://a b/')",
            "false",
        ),
        ("url(':')", "error: URL parse error during conversion from string: parse \":\""),
    ]);
}

#[test]
fn amounts_and_versions() {
    check(&[
        ("isQuantity('1.3Gi') && !isQuantity('1,3G') && !isQuantity('200K')", "true"),
        ("quantity('200M').compareTo(quantity('0.2G'))", "0"),
        (
            "quantity('50Mi').isGreaterThan(quantity('50M')) && quantity('50M').isLessThan(quantity('100M'))",
            "true",
        ),
        ("quantity('50k').add(quantity('20k')) == quantity('70k')", "true"),
        ("quantity('50k').sub(20000) == quantity('30k')", "true"),
        ("quantity('50k').add(20).sub(quantity('100k')).sub(-50000) == quantity('20')", "true"),
        ("quantity('50k').asInteger() + quantity('-1').sign()", "49999"),
        ("quantity('0.5').isInteger()", "false"),
        ("quantity('0.5').asInteger()", "error: cannot convert value to integer"),
        ("quantity('500m').asApproximateFloat()", "0.5"),
        (
            "quantity('x')",
            "error: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            "semver('1.2.3').major() + semver('1.2.3').minor() * 10 + semver('1.2.3').patch() * 100",
            "321",
        ),
        ("semver('1.2.3').isGreaterThan(semver('1.2.3-rc.1'))", "true"),
        ("semver('1.0.0-alpha.2').isLessThan(semver('1.0.0-alpha.10'))", "true"),
        ("semver('1.2.3').compareTo(semver('2.0.0'))", "-1"),
        (
            "isSemver('v1.0') || isSemver('01.0.0') || isSemver('1.0') || isSemver('1.0.0-01') || isSemver('1.2.3.4')",
            "false",
        ),
        ("isSemver('v1.0', true) && semver('01.01.01', true) == semver('1.1.1')", "true"),
    ]);
}

#[test]
fn formats() {
    check(&[
        ("format.dns1123Label().validate('my-name')", "none"),
        ("format.dns1123Label().validate('My').hasValue()", "true"),
        ("format.dns1123Label().validate('').hasValue()", "true"),
        ("format.dns1123LabelPrefix().validate('my-name-')", "none"),
        ("format.named('qualifiedName').value().validate('a/b')", "none"),
        ("format.named('nothing')", "none"),
        ("format.uuid().validate('123e4567-e89b-12d3-a456-426614174000')", "none"),
        ("format.date().validate('2021-02-30').value()", "[invalid date]"),
        ("format.datetime().validate('2021-02-03T00:00:00Z')", "none"),
        ("format.byte().validate('aGVsbG8=')", "none"),
        ("format.uri().validate('no uri').hasValue()", "true"),
    ]);
}
