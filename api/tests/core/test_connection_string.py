"""Connection strings that can be read, and what is said of those that can't."""

import pytest

from app.core import connection_string, tls

SECRET = "correct-horse"


def test_reads_hosts_options_and_the_database() -> None:
    parsed = connection_string.parse(
        f"mongodb://user:{SECRET}@a.test,b.test:1/other?replicaSet=rs0&maxPoolSize=5"
    )
    assert parsed.hosts == [("a.test", 27017), ("b.test", 1)]
    assert parsed.database == "other"
    assert parsed.options["maxpoolsize"] == 5
    assert not parsed.uses_tls
    assert parsed.tls_files == tls.Files(None, None)
    assert parsed.checks_server


def test_a_dns_record_is_not_looked_up_and_means_tls() -> None:
    parsed = connection_string.parse("mongodb+srv://cluster.test/other")
    assert parsed.hosts == []
    assert parsed.uses_tls
    assert not connection_string.parse("mongodb+srv://cluster.test/?tls=false").uses_tls


@pytest.mark.parametrize(
    "option",
    ["tlsInsecure=true", "tlsAllowInvalidCertificates=true", "tlsAllowInvalidHostnames=true"],
)
def test_knows_when_any_certificate_will_do(option: str) -> None:
    assert not connection_string.parse(f"mongodb://a.test/?tls=true&{option}").checks_server


@pytest.mark.parametrize(
    "uri",
    [
        f"mongo://user:{SECRET}@a.test",
        "mongodb://",
        "mongodb://:27017",
        f"mongodb://user:{SECRET}@a.test:port",
        f"mongodb://user:{SECRET}@a.test:99999",
        f"mongodb://user:{SECRET}/x@a.test",
        f"mongodb://user:{SECRET}@x@a.test",
        f"mongodb://user:{SECRET}:{SECRET}@a.test",
        f"mongodb://user:%zz{SECRET}@a.test",
        f"mongodb://user:{SECRET}@a.test/?unknownOption=1",
        f"mongodb://user:{SECRET}@a.test/?maxPoolSize=many",
        f"mongodb://user:{SECRET}@a.test/?{SECRET}",
        f"mongodb://user:{SECRET}@a.test/?tls=true&ssl=false",
        f"mongodb://user:{SECRET}@a.test/?authMechanism=NONE",
    ],
)
def test_refuses_what_it_can_not_read_without_showing_it(uri: str) -> None:
    with pytest.raises(ValueError, match=r"^MONGODB_URI ") as caught:
        connection_string.parse(uri)
    assert SECRET not in str(caught.value)


def test_says_which_option_is_unknown() -> None:
    with pytest.raises(ValueError, match=r"\(Unknown option\."):
        connection_string.parse(f"mongodb://user:{SECRET}@a.test/?unknownOption=1")


@pytest.mark.parametrize(
    "hosts",
    [
        "",
        ",",
        "a.test,",
        "a.test:port",
        "a.test:0",
        "a.test:65536",
        ":1",
        "u@a",
        "a b",
        "mongodb://a.test",
    ],
)
def test_refuses_hosts_that_are_none(hosts: str) -> None:
    with pytest.raises(ValueError, match=r"^MONGODB_HOSTS must be host:port"):
        connection_string.parse_hosts(hosts)
