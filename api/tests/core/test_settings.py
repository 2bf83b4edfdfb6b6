"""The settings of the environment, and what is said about wrong ones."""

from pathlib import Path

import pytest

from app.core.settings import Settings, SettingsError, load_settings
from tests.support.certificates import CertificateAuthority

SECRET = "correct-horse"
URI = f"mongodb://user:{SECRET}@db.test:27018/other?replicaSet=rs0"


def load(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def refuse(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    """The message; always one line, and never with a secret."""
    with pytest.raises(SettingsError) as caught:
        load(monkeypatch, **environment)
    message = str(caught.value)
    assert "\n" not in message
    assert SECRET not in message
    assert caught.value.__cause__ is None
    return message


class TestValues:
    def test_defaults_are_those_of_the_table(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = load(monkeypatch, MONGODB_HOSTS="db.test")
        table = (Path(__file__).parents[2] / "README.md").read_text()
        for name, field in Settings.model_fields.items():
            start = f"| `{name.upper()}` |"
            (row,) = [line for line in table.splitlines() if line.startswith(start)]
            default = row.split("|")[2].strip()
            value = getattr(settings, name)
            expected = "" if field.default is None else f"`{str(value).lower()}`"
            if name == "log_level":
                expected = "`INFO`"
            if name == "mongodb_hosts":
                expected = ""
            assert default == expected, name

    def test_an_empty_variable_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = load(monkeypatch, MONGODB_URI="", MONGODB_HOSTS="db.test", LOG_LEVEL="")
        assert settings.mongodb_uri is None
        assert settings.log_level == "INFO"

    def test_a_log_level_may_be_written_small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert load(monkeypatch, MONGODB_HOSTS="db.test", LOG_LEVEL="debug").log_level == "DEBUG"

    def test_hosts_have_a_default_port(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = load(monkeypatch, MONGODB_HOSTS="a.test,b.test:1,[::1]:2")
        assert settings.hosts == [("a.test", 27017), ("b.test", 1), ("::1", 2)]

    @pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
    def test_a_password_file_may_end_with_a_line_break(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str
    ) -> None:
        path = tmp_path / "password"
        path.write_bytes(f" {SECRET} ".encode() + ending.encode())
        settings = load(
            monkeypatch,
            MONGODB_HOSTS="db.test",
            MONGODB_USERNAME="user",
            MONGODB_PASSWORD_FILE=str(path),
        )
        assert settings.read_password() == f" {SECRET} "

    def test_no_secret_is_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = load(
            monkeypatch,
            MONGODB_HOSTS="db.test",
            MONGODB_USERNAME="user",
            MONGODB_PASSWORD=SECRET,
        )
        assert SECRET not in repr(settings)
        assert SECRET not in str(settings.model_dump())

    @pytest.mark.parametrize(
        ("uri", "database", "expected"),
        [
            (URI, None, "other"),
            (URI, "mine", "mine"),
            ("mongodb://db.test", None, "users"),
        ],
    )
    def test_the_database_is_the_one_that_is_set_then_that_of_the_uri(
        self, monkeypatch: pytest.MonkeyPatch, uri: str, database: str | None, expected: str
    ) -> None:
        environment = {"MONGODB_URI": uri}
        if database is not None:
            environment["MONGODB_DATABASE"] = database
        assert load(monkeypatch, **environment).database_name == expected

    def test_a_uri_says_what_tls_is(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        authority = CertificateAuthority.create()
        ca_file = authority.write(tmp_path / "ca.pem")
        settings = load(monkeypatch, MONGODB_URI=f"mongodb://db.test/?tls=true&tlsCAFile={ca_file}")
        assert settings.uses_tls
        assert settings.checks_server
        assert settings.tls_files.certificate_authority == ca_file
        assert settings.tls_files.certificate_key is None


class TestConnection:
    def test_needs_a_uri_or_hosts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        message = refuse(monkeypatch)
        assert message.startswith("MONGODB_URI and MONGODB_HOSTS are both not set: set ")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("MONGODB_HOSTS", "db.test"),
            ("MONGODB_REPLICA_SET", "rs0"),
            ("MONGODB_USERNAME", "user"),
            ("MONGODB_PASSWORD", SECRET),
            ("MONGODB_PASSWORD_FILE", "/secret"),
            ("MONGODB_AUTH_SOURCE", "admin"),
            ("MONGODB_AUTH_MECHANISM", "SCRAM-SHA-256"),
            ("MONGODB_TLS", "false"),
            ("MONGODB_TLS_CA_FILE", "/ca.pem"),
            ("MONGODB_TLS_CERTIFICATE_KEY_FILE", "/client.pem"),
        ],
    )
    def test_a_uri_excludes_its_parts(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        message = refuse(monkeypatch, MONGODB_URI=URI, **{name: value})
        assert message.startswith(f"MONGODB_URI and {name} contradict each other: remove one")

    @pytest.mark.parametrize(
        ("option", "name"),
        [
            ("minPoolSize=1", "MONGODB_MIN_POOL_SIZE"),
            ("maxpoolsize=1", "MONGODB_MAX_POOL_SIZE"),
            ("serverSelectionTimeoutMS=100", "MONGODB_SERVER_SELECTION_TIMEOUT_MS"),
            ("connectTimeoutMS=100", "MONGODB_CONNECT_TIMEOUT_MS"),
            ("timeoutMS=100", "MONGODB_TIMEOUT_MS"),
        ],
    )
    def test_a_uri_and_a_variable_must_not_say_the_same(
        self, monkeypatch: pytest.MonkeyPatch, option: str, name: str
    ) -> None:
        uri = f"mongodb://db.test/?{option}"
        assert load(monkeypatch, MONGODB_URI=uri).mongodb_uri is not None
        message = refuse(monkeypatch, MONGODB_URI=uri, **{name: "500"})
        assert message == f"MONGODB_URI has an option for {name} already: remove one of them"

    @pytest.mark.parametrize(
        ("environment", "start"),
        [
            ({"MONGODB_PASSWORD": SECRET}, "MONGODB_USERNAME is not set"),
            ({"MONGODB_AUTH_MECHANISM": "SCRAM-SHA-256"}, "MONGODB_USERNAME is not set"),
            ({"MONGODB_USERNAME": "user"}, "MONGODB_PASSWORD_FILE and MONGODB_PASSWORD are both"),
            (
                {
                    "MONGODB_USERNAME": "user",
                    "MONGODB_PASSWORD": SECRET,
                    "MONGODB_PASSWORD_FILE": "/p",
                },
                "MONGODB_PASSWORD and MONGODB_PASSWORD_FILE are both set",
            ),
            (
                {"MONGODB_AUTH_MECHANISM": "MONGODB-X509", "MONGODB_PASSWORD": SECRET},
                "MONGODB_PASSWORD and MONGODB_PASSWORD_FILE are of no use",
            ),
            (
                {"MONGODB_AUTH_MECHANISM": "MONGODB-X509", "MONGODB_TLS": "true"},
                "MONGODB_TLS_CERTIFICATE_KEY_FILE and MONGODB_TLS=true",
            ),
            (
                {
                    "MONGODB_AUTH_MECHANISM": "MONGODB-X509",
                    "MONGODB_TLS": "true",
                    "MONGODB_TLS_CERTIFICATE_KEY_FILE": "/client.pem",
                    "MONGODB_AUTH_SOURCE": "admin",
                },
                "MONGODB_AUTH_SOURCE must be $external",
            ),
            ({"MONGODB_AUTH_MECHANISM": "PLAIN"}, "MONGODB_AUTH_MECHANISM: input should be"),
            ({"MONGODB_TLS_CA_FILE": "/ca.pem"}, "MONGODB_TLS_CA_FILE is set, but MONGODB_TLS is"),
        ],
    )
    def test_a_login_has_to_be_complete(
        self, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], start: str
    ) -> None:
        message = refuse(monkeypatch, MONGODB_HOSTS="db.test", **environment)
        assert message.startswith(start)

    @pytest.mark.parametrize(
        ("content", "part"),
        [(b"", "is empty"), (b"\n", "is empty"), (b"\xff", "is not text")],
    )
    def test_a_password_file_has_to_have_a_password(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, part: str
    ) -> None:
        path = tmp_path / "password"
        path.write_bytes(content)
        message = refuse(
            monkeypatch,
            MONGODB_HOSTS="db.test",
            MONGODB_USERNAME="user",
            MONGODB_PASSWORD_FILE=str(path),
        )
        assert message.startswith(f"MONGODB_PASSWORD_FILE: {path} {part}")


class TestRanges:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("LOG_LEVEL", "LOUD"),
            ("MONGODB_DATABASE", "a/b"),
            ("MONGODB_DATABASE", "x" * 64),
            ("MONGODB_TLS", "perhaps"),
            ("MONGODB_RELOAD_SECONDS", "0"),
            ("BODY_TIMEOUT_SECONDS", "0"),
            ("MONGODB_MIN_POOL_SIZE", "-1"),
            ("MONGODB_MAX_POOL_SIZE", "0"),
            ("MONGODB_MAX_POOL_SIZE", "1001"),
            ("MONGODB_MAX_POOL_SIZE", "many"),
            ("MONGODB_SERVER_SELECTION_TIMEOUT_MS", "49"),
            ("MONGODB_CONNECT_TIMEOUT_MS", "60001"),
            ("MONGODB_TIMEOUT_MS", "0"),
            ("READY_TIMEOUT_MS", "nan"),
            ("MAX_BODY_BYTES", "1023"),
            ("MAX_PAGE_SIZE", "0"),
            ("MAX_PAGE_SIZE", "9" * 5000),
            ("SHUTDOWN_DELAY_SECONDS", "-1"),
            ("SHUTDOWN_DELAY_SECONDS", "nan"),
            ("SHUTDOWN_DELAY_SECONDS", "inf"),
        ],
    )
    def test_a_value_out_of_range_names_its_variable(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        message = refuse(monkeypatch, MONGODB_HOSTS="db.test", **{name: value})
        assert message.startswith(f"{name}: ")

    def test_several_mistakes_are_named_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        message = refuse(
            monkeypatch, MONGODB_HOSTS="db.test", MAX_PAGE_SIZE="0", MAX_BODY_BYTES="0"
        )
        assert "MAX_PAGE_SIZE: " in message
        assert "; MAX_BODY_BYTES: " in message or "MAX_BODY_BYTES: " in message.split("; ")[0]

    def test_the_smallest_pool_is_not_larger_than_the_largest(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        message = refuse(monkeypatch, MONGODB_HOSTS="db.test", MONGODB_MIN_POOL_SIZE="21")
        assert message.startswith("MONGODB_MIN_POOL_SIZE must not be larger")


class TestFiles:
    @pytest.mark.parametrize("name", ["MONGODB_TLS_CA_FILE", "MONGODB_TLS_CERTIFICATE_KEY_FILE"])
    @pytest.mark.parametrize("kind", ["absent", "a directory", "garbage", "empty"])
    def test_a_file_has_to_be_a_certificate(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, kind: str
    ) -> None:
        path = tmp_path / "file.pem"
        if kind == "a directory":
            path.mkdir()
        elif kind != "absent":
            path.write_text("garbage" if kind == "garbage" else "")
        environment = {"MONGODB_HOSTS": "db.test", "MONGODB_TLS": "true", name: str(path)}
        message = refuse(monkeypatch, **environment)
        assert message.startswith(f"{name}: ")
        assert str(path) in message

    def test_the_files_of_a_uri_are_checked_as_well(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        path = tmp_path / "file.pem"
        uri = f"mongodb://user:{SECRET}@db.test/?tls=true&tlsCAFile={path}"
        assert "MONGODB_URI" in refuse(monkeypatch, MONGODB_URI=uri)
        path.write_text("garbage")
        assert refuse(monkeypatch, MONGODB_URI=uri).startswith("MONGODB_URI (tlsCAFile): ")
