"""The certificate files of the connection to the database."""

import asyncio
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from app.core.errors import SettingsError

# OpenSSL's verdicts that waiting does not change: no chain to an authority that is trusted, a
# signature of another key under the same name, a certificate for another host.
_WRONG_AUTHORITY_CODES = frozenset({2, 7, 18, 19, 20, 21})
_WRONG_HOST_CODES = frozenset({62, 64})
_PROBE_SECONDS = 0.8


@dataclass(frozen=True)
class Files:
    certificate_authority: Path | None
    certificate_key: Path | None
    key_password: str | None = field(default=None, repr=False)


class Names(NamedTuple):
    """What to call the files and the hosts in a message."""

    hosts: str
    certificate_authority: str
    certificate_key: str


class _KeyIsEncryptedError(Exception):
    pass


def create_context(files: Files, names: Names) -> ssl.SSLContext:
    """A context with these files. Raises SettingsError for what can't be used."""
    context = ssl.create_default_context()
    if (path := files.certificate_authority) is not None:
        _check_readable(path, names.certificate_authority)
        try:
            context = ssl.create_default_context(cafile=path)
        except (ssl.SSLError, ValueError):
            raise SettingsError(
                f"{names.certificate_authority}: {path} has no certificate in PEM format: "
                "put the certificate of the authority that signed the database's into it"
            ) from None
    if (path := files.certificate_key) is not None:
        _check_readable(path, names.certificate_key)
        try:
            context.load_cert_chain(path, password=files.key_password or _refuse_password)
        except _KeyIsEncryptedError:
            raise SettingsError(
                f"{names.certificate_key}: the key in {path} is encrypted: "
                "store it without a password"
            ) from None
        except (ssl.SSLError, ValueError) as error:
            reason = getattr(error, "reason", None)
            mismatch = reason == "KEY_VALUES_MISMATCH"
            problem = (
                "the certificate and the key do not belong together"
                if mismatch
                else "there must be a certificate and its private key, both in PEM format"
            )
            raise SettingsError(f"{names.certificate_key}: {path}: {problem}") from None
    return context


def _check_readable(path: Path, name: str) -> None:
    try:
        path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{name}: {path} can't be read ({error.strerror}): mount the file, correct the path, "
            "or let this user read it"
        ) from None


def _refuse_password() -> str:
    # Without this OpenSSL asks on the terminal.
    raise _KeyIsEncryptedError


async def check_server_certificates(
    context: ssl.SSLContext, hosts: list[tuple[str, int]], names: Names
) -> None:
    """Refuses a start with an authority that did not sign the certificate of the database.

    Only that is an error: a server that is not there may come. Raises SettingsError.
    """
    probes = await asyncio.gather(*(_probe(context, host, port, names) for host, port in hosts))
    mistakes = [probe.mistake for probe in probes if probe.mistake is not None]
    if mistakes and not any(probe.trusted for probe in probes):
        raise SettingsError(mistakes[0])


class _Probe(NamedTuple):
    """Neither of both if there was no answer."""

    trusted: bool = False
    mistake: str | None = None


async def _probe(context: ssl.SSLContext, host: str, port: int, names: Names) -> _Probe:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code in _WRONG_AUTHORITY_CODES:
            mistake = (
                f"{names.certificate_authority}: it did not sign the certificate of {host}:{port} "
                f"({error.verify_message}): give the authority of the database"
            )
            return _Probe(mistake=mistake)
        if error.verify_code in _WRONG_HOST_CODES:
            mistake = (
                f"{names.hosts}: the certificate of {host}:{port} is for other names "
                f"({error.verify_message}): use one of its names"
            )
            return _Probe(mistake=mistake)
        return _Probe()
    except (OSError, TimeoutError):
        return _Probe()
    writer.close()
    return _Probe(trusted=True)
