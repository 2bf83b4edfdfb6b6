"""Reads `MONGODB_URI` and `MONGODB_HOSTS`, with messages that never have a secret in them."""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri, split_hosts

from app.core import tls

_DEFAULT_PORT = 27017
_SRV_SCHEME = "mongodb+srv://"
# With one of these the client takes certificates that it would refuse.
_TRUSTING_OPTIONS = ("tlsinsecure", "tlsallowinvalidcertificates", "tlsallowinvalidhostnames")


@dataclass(frozen=True)
class ConnectionString:
    hosts: list[tuple[str, int]]
    options: Mapping[str, Any]
    uses_tls: bool
    tls_files: tls.Files
    checks_server: bool
    database: str | None


def parse(uri: str) -> ConnectionString:
    """Raises ValueError with a message for the person who set the variable."""
    if not uri.startswith(("mongodb://", _SRV_SCHEME)):
        raise ValueError("MONGODB_URI must begin with mongodb:// or mongodb+srv://")
    is_srv = uri.startswith(_SRV_SCHEME)
    # The name that a SRV record is looked up for has the same syntax, but for the port; looking it
    # up is left to the client, which tries again.
    readable = uri.replace(_SRV_SCHEME, "mongodb://", 1) if is_srv else uri
    try:
        with warnings.catch_warnings():
            # An option that does not exist is a warning for PyMongo and a mistake for us.
            warnings.simplefilter("error")
            parsed = parse_uri(readable, validate=True, warn=False)
    except (PyMongoError, ValueError, TypeError, OSError, Warning) as error:
        reason = _without_credentials(str(error), uri)
        raise ValueError(
            f"MONGODB_URI is not a connection string that can be read{reason}: correct it, as in "
            "mongodb://user:password@host:27017/?replicaSet=rs0 (percent-encode special characters)"
        ) from None
    if not is_srv and not all(host for host, _ in parsed["nodelist"]):
        raise ValueError("MONGODB_URI has a host without a name: name it")
    options = {name.lower(): value for name, value in parsed["options"].items()}
    return ConnectionString(
        hosts=[] if is_srv else _with_ports(parsed["nodelist"]),
        options=options,
        uses_tls=bool(options.get("tls", is_srv)),
        tls_files=tls.Files(
            certificate_authority=_path(options.get("tlscafile")),
            certificate_key=_path(options.get("tlscertificatekeyfile")),
            key_password=options.get("tlscertificatekeyfilepassword"),
        ),
        checks_server=not any(options.get(name) for name in _TRUSTING_OPTIONS),
        database=parsed["database"],
    )


def parse_hosts(hosts: str) -> list[tuple[str, int]]:
    """Raises ValueError with a message for the person who set the variable."""
    try:
        nodes = split_hosts(hosts, _DEFAULT_PORT)
    except (PyMongoError, ValueError):
        nodes = []
    # A socket or a part of a connection string would be taken for a host's name.
    if not all(host for host, _ in nodes) or not nodes or re.search(r"[\s/@?]", hosts):
        raise ValueError("MONGODB_HOSTS must be host:port[,host:port], with ports from 1 to 65535")
    return _with_ports(nodes)


def _with_ports(nodes: list[tuple[str, int | None]]) -> list[tuple[str, int]]:
    return [(host, port or _DEFAULT_PORT) for host, port in nodes]


def _path(value: str | None) -> Path | None:
    return None if value is None else Path(value)


def _without_credentials(reason: str, uri: str) -> str:
    """The reason, unless a piece of what may be a name or a password is in it."""
    authority, at, _ = uri.partition("://")[2].rpartition("@")
    pieces = re.split(r"[:@/%?&=,]", authority) if at else []
    if not reason or any(piece and piece in reason for piece in pieces):
        return ""
    return f" ({' '.join(reason.split())})"
