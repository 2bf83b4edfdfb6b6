"""The Go program that embeds FerretDB: its flags and its TLS."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.errors import ServerSelectionTimeoutError

from tests.support.certificates import CertificateAuthority
from tests.support.ferretdb import FerretDB, build
from tests.support.processes import ServerProcess, free_port


@pytest.fixture(scope="module")
def executable() -> Path:
    """Build the program."""
    go = FerretDB.compiler()
    if go is None:
        pytest.skip("Go is not installed, and another server runs the tests")
    return build(go)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "-data is missing: name an existing directory for the data"),
        (["-data", "{}/absent"], '-data "{}/absent" is not an existing directory'),
        (
            ["-data", "{}", "more"],
            'unexpected argument "more": everything is set by flags (see -help)',
        ),
        (["-data", "{}", "-listen", "here"], '-listen "here" is not host:port'),
        (["-date", "{}"], "flag provided but not defined: -date"),
        (
            ["-data", "{}", "-tls-key", "key.pem"],
            "-tls-certificate and -tls-key go together: one of them is missing",
        ),
        (["-data", "{}", "-tls-ca", "ca.pem"], "-tls-ca needs -tls-certificate and -tls-key"),
    ],
)
def test_wrong_flags_are_one_line(
    executable: Path, arguments: list[str], complaint: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [executable, *(argument.format(tmp_path) for argument in arguments)],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr == f"ferretdb: {complaint.format(tmp_path)}\n"
    assert done.stdout == ""


def test_unreadable_certificates_are_one_line(executable: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(executable, "-data", tmp_path, "-listen", "127.0.0.1:0"),
            *("-tls-certificate", tmp_path / "absent.pem", "-tls-key", tmp_path / "absent.pem"),
        ],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "TLS certificate file" in done.stderr


@pytest.fixture
def authority() -> CertificateAuthority:
    """Make the authority of both sides."""
    return CertificateAuthority.create()


@pytest.fixture
def secure_port(executable: Path, authority: CertificateAuthority, tmp_path: Path) -> Iterator[int]:
    """Start a server that requires client certificates."""
    certificate = authority.server("127.0.0.1").write(tmp_path / "server.pem")
    data = tmp_path / "a directory with spaces, % and ?"
    data.mkdir()
    port = free_port()
    server = ServerProcess(
        [
            *(str(executable), "-listen", f"127.0.0.1:{port}", "-data", str(data)),
            *("-tls-certificate", str(certificate), "-tls-key", str(certificate)),
            *("-tls-ca", str(authority.write(tmp_path / "ca.pem"))),
        ],
        port=port,
        log=tmp_path / "log",
    )
    server.start(timeout=10)
    yield port
    server.kill()
    # All that it stores is in its directory, and it logs nothing that is no error.
    assert "test.sqlite" in {path.name for path in data.iterdir()}
    assert {path.name for path in tmp_path.iterdir()} == {
        *(data.name, "ca.pem", "client.pem", "server.pem", "log")
    }
    assert (tmp_path / "log").read_text(encoding="utf-8") == f"listening on 127.0.0.1:{port}\n"


def test_tls_requires_a_client_certificate(
    secure_port: int, authority: CertificateAuthority, tmp_path: Path
) -> None:
    uri = f"mongodb://127.0.0.1:{secure_port}/?tls=true&serverSelectionTimeoutMS=1000"
    ca, client = str(tmp_path / "ca.pem"), str(tmp_path / "client.pem")
    authority.client("users-service").write(Path(client))

    with MongoClient[dict[str, object]](uri, tlsCAFile=ca, tlsCertificateKeyFile=client) as inside:
        inside["test"]["users"].insert_one({"n": 1})
    with (
        MongoClient[dict[str, object]](uri, tlsCAFile=ca) as outside,
        pytest.raises(ServerSelectionTimeoutError),
    ):
        outside["test"]["users"].find_one()
