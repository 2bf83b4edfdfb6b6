"""The settings, all from the environment; README.md has the table.

A mistake is a `SettingsError` of one line that names the variable and never shows a secret.
"""

import re
from collections.abc import Set
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.core import connection_string, tls
from app.core.errors import SettingsError

__all__ = ["Settings", "SettingsError", "load_settings"]

Milliseconds = Annotated[int, Field(ge=50, le=60_000)]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]
Mechanism = Literal["SCRAM-SHA-256", "MONGODB-X509"]

# What a connection string says itself.
_PARTS_OF_URI = (
    "mongodb_hosts",
    "mongodb_replica_set",
    "mongodb_username",
    "mongodb_password",
    "mongodb_password_file",
    "mongodb_auth_source",
    "mongodb_auth_mechanism",
    "mongodb_tls",
    "mongodb_tls_ca_file",
    "mongodb_tls_certificate_key_file",
)
# What it may say; the other way is then not used.
_OPTIONS_OF_URI = {
    "minpoolsize": "mongodb_min_pool_size",
    "maxpoolsize": "mongodb_max_pool_size",
    "serverselectiontimeoutms": "mongodb_server_selection_timeout_ms",
    "connecttimeoutms": "mongodb_connect_timeout_ms",
    "timeoutms": "mongodb_timeout_ms",
}
# The server's rules for the name of a database.
_DATABASE_NAME = r'^[^/\\. "$*<>:|?\x00]{1,63}$'


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    log_level: LogLevel = "INFO"

    mongodb_uri: SecretStr | None = None
    mongodb_hosts: str | None = None
    mongodb_database: Annotated[str, Field(pattern=_DATABASE_NAME)] = "users"
    mongodb_replica_set: str | None = None
    mongodb_username: str | None = None
    mongodb_password: SecretStr | None = None
    mongodb_password_file: Path | None = None
    mongodb_auth_source: str | None = None
    mongodb_auth_mechanism: Mechanism | None = None
    mongodb_tls: bool = False
    mongodb_tls_ca_file: Path | None = None
    mongodb_tls_certificate_key_file: Path | None = None
    mongodb_reload_seconds: float = Field(default=10.0, ge=0.05, le=3600)
    mongodb_min_pool_size: int = Field(default=0, ge=0, le=1000)
    mongodb_max_pool_size: int = Field(default=20, ge=1, le=1000)
    mongodb_server_selection_timeout_ms: Milliseconds = 1500
    mongodb_connect_timeout_ms: Milliseconds = 1500
    mongodb_timeout_ms: Milliseconds = 1500

    ready_timeout_ms: Milliseconds = 1000
    max_body_bytes: int = Field(default=65_536, ge=1024, le=16 * 1024 * 1024)
    body_timeout_seconds: float = Field(default=10.0, ge=0.1, le=300)
    max_page_size: int = Field(default=100, ge=1, le=1000)
    shutdown_delay_seconds: float = Field(default=2.0, ge=0, le=300)

    # What the validation has read.
    _uri: connection_string.ConnectionString | None = PrivateAttr(default=None)

    @property
    def hosts(self) -> list[tuple[str, int]]:
        """The members that are named; none where the name of a DNS record stands for them."""
        if self._uri is not None:
            return self._uri.hosts
        assert self.mongodb_hosts is not None
        return connection_string.parse_hosts(self.mongodb_hosts)

    @property
    def database_name(self) -> str:
        """The one that is set, else that of the connection string."""
        if self._uri is None or "mongodb_database" in self.model_fields_set:
            return self.mongodb_database
        return self._uri.database or self.mongodb_database

    def read_password(self) -> str | None:
        """The password of now: its file may be another one later. Raises SettingsError."""
        if self.mongodb_password is not None:
            return self.mongodb_password.get_secret_value()
        if self.mongodb_password_file is not None:
            return _read_password(self.mongodb_password_file)
        return None

    @property
    def credential_files(self) -> tuple[Path, ...]:
        """The files that a client of the database is made from."""
        files = self.tls_files
        paths = (files.certificate_authority, files.certificate_key, self.mongodb_password_file)
        return tuple(path for path in paths if path is not None)

    @property
    def options_of_uri(self) -> Set[str]:
        """The options that the connection string has, in lower case."""
        return frozenset() if self._uri is None else self._uri.options.keys()

    @property
    def uses_tls(self) -> bool:
        return self.mongodb_tls if self._uri is None else self._uri.uses_tls

    @property
    def checks_server(self) -> bool:
        """Whether the certificate of the database has to be good."""
        return self.uses_tls and (self._uri is None or self._uri.checks_server)

    @property
    def tls_files(self) -> tls.Files:
        if self._uri is not None:
            return self._uri.tls_files
        return tls.Files(
            certificate_authority=self.mongodb_tls_ca_file,
            certificate_key=self.mongodb_tls_certificate_key_file,
        )

    @property
    def tls_names(self) -> tls.Names:
        """The variables that a message about TLS has to name."""
        if self._uri is not None:
            ca_file, key_file = "MONGODB_URI (tlsCAFile)", "MONGODB_URI (tlsCertificateKeyFile)"
            return tls.Names("MONGODB_URI", ca_file, key_file)
        return tls.Names("MONGODB_HOSTS", "MONGODB_TLS_CA_FILE", "MONGODB_TLS_CERTIFICATE_KEY_FILE")

    @model_validator(mode="after")
    def _check_connection(self) -> Self:
        if self.mongodb_uri is None:
            self._check_parts()
        else:
            self._check_uri(self.mongodb_uri.get_secret_value())
        if self.mongodb_min_pool_size > self.mongodb_max_pool_size:
            raise ValueError(
                "MONGODB_MIN_POOL_SIZE must not be larger than MONGODB_MAX_POOL_SIZE, "
                f"which is {self.mongodb_max_pool_size}"
            )
        return self

    def _check_uri(self, uri: str) -> None:
        for field in _PARTS_OF_URI:
            if field in self.model_fields_set:
                raise ValueError(
                    f"MONGODB_URI and {field.upper()} contradict each other: "
                    f"remove one, or put the value into MONGODB_URI"
                )
        parsed = connection_string.parse(uri)
        for option, field in _OPTIONS_OF_URI.items():
            if option in parsed.options and field in self.model_fields_set:
                raise ValueError(
                    f"MONGODB_URI has an option for {field.upper()} already: remove one of them"
                )
        # A private attribute is not frozen.
        self._uri = parsed

    def _check_parts(self) -> None:
        if self.mongodb_hosts is None:
            raise ValueError(
                "MONGODB_URI and MONGODB_HOSTS are both not set: set MONGODB_HOSTS to host:port, "
                "or MONGODB_URI to a connection string"
            )
        connection_string.parse_hosts(self.mongodb_hosts)
        self._check_login()
        if not self.mongodb_tls:
            for field in ("mongodb_tls_ca_file", "mongodb_tls_certificate_key_file"):
                if getattr(self, field) is not None:
                    raise ValueError(
                        f"{field.upper()} is set, but MONGODB_TLS is not: set MONGODB_TLS=true"
                    )

    def _check_login(self) -> None:
        if self.mongodb_password is not None and self.mongodb_password_file is not None:
            raise ValueError(
                "MONGODB_PASSWORD and MONGODB_PASSWORD_FILE are both set: remove one of them"
            )
        has_password = self.mongodb_password or self.mongodb_password_file
        if self.mongodb_auth_mechanism == "MONGODB-X509":
            if has_password:
                raise ValueError(
                    "MONGODB_PASSWORD and MONGODB_PASSWORD_FILE are of no use with "
                    "MONGODB_AUTH_MECHANISM=MONGODB-X509, where the certificate is the login: "
                    "remove them"
                )
            if not self.mongodb_tls or self.mongodb_tls_certificate_key_file is None:
                raise ValueError(
                    "MONGODB_TLS_CERTIFICATE_KEY_FILE and MONGODB_TLS=true are what "
                    "MONGODB_AUTH_MECHANISM=MONGODB-X509 needs: set both"
                )
            if self.mongodb_auth_source not in (None, "$external"):
                raise ValueError(
                    "MONGODB_AUTH_SOURCE must be $external with "
                    "MONGODB_AUTH_MECHANISM=MONGODB-X509: remove it"
                )
            return
        if self.mongodb_username is None and (has_password or self.mongodb_auth_mechanism):
            raise ValueError(
                "MONGODB_USERNAME is not set, but a password or a mechanism is: set it"
            )
        if self.mongodb_username is not None and not has_password:
            raise ValueError(
                "MONGODB_PASSWORD_FILE and MONGODB_PASSWORD are both not set, but "
                "MONGODB_USERNAME is: set one of them"
            )
        try:
            self.read_password()
        except SettingsError as error:
            raise ValueError(str(error)) from None


def load_settings() -> Settings:
    """The settings of the environment, with the files that they name checked.

    Raises SettingsError.
    """
    try:
        settings = Settings()
        if settings.uses_tls:
            tls.create_context(settings.tls_files, settings.tls_names)
    except ValidationError as error:
        raise SettingsError(_describe(error)) from None
    return settings


def _read_password(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"MONGODB_PASSWORD_FILE: {path} can't be read ({error.strerror}): mount the file, "
            "or correct the path"
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"MONGODB_PASSWORD_FILE: {path} is not text in UTF-8") from None
    password = text.removesuffix("\n").removesuffix("\r")
    if not password:
        raise SettingsError(f"MONGODB_PASSWORD_FILE: {path} is empty: put the password into it")
    return password


def _describe(error: ValidationError) -> str:
    """All mistakes in one line."""
    messages = []
    for item in error.errors(include_url=False, include_input=False):
        message = item["msg"].removeprefix("Value error, ")
        if item["loc"]:
            message = message[:1].lower() + message[1:]
            message = f"{str(item['loc'][0]).upper()}: {message}"
        messages.append(message)
    return re.sub(r"\s+", " ", "; ".join(messages))
