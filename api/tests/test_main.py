"""The start of the process with settings that it can't work with."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.server_process import PROJECT, environment
from tests.support.certificates import CertificateAuthority
from tests.support.processes import free_port
from tests.support.x509 import X509Endpoint

# It ends by itself, without waiting for anything; as a busy machine needs long to start Python, how
# soon is for a benchmark.
END_SECONDS = 20
SECRET = "correct-horse"


def start(settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--port", str(free_port())]
    return subprocess.run(
        command,
        cwd=PROJECT,
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=END_SECONDS,
    )


def assert_one_line(settings: dict[str, str], *parts: str) -> None:
    ended = start(settings)
    assert ended.returncode == 3
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    assert lines[0].startswith("users-service: ")
    for part in parts:
        assert part in lines[0]
    for output in (ended.stdout, ended.stderr):
        assert "Traceback" not in output
        assert SECRET not in output


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({}, ("MONGODB_URI", "MONGODB_HOSTS", "set MONGODB_HOSTS")),
        ({"MONGODB_URI": f"mongodb://user:{SECRET}@/x@y"}, ("MONGODB_URI", "percent-encode")),
        ({"MONGODB_HOSTS": "h", "MAX_PAGE_SIZE": "0"}, ("MAX_PAGE_SIZE", "greater than")),
        (
            {"MONGODB_HOSTS": "h", "MONGODB_USERNAME": "u", "MONGODB_PASSWORD_FILE": "/none"},
            ("MONGODB_PASSWORD_FILE", "/none", "No such file"),
        ),
        (
            {"MONGODB_HOSTS": "h", "MONGODB_TLS": "true", "MONGODB_TLS_CA_FILE": "/none.pem"},
            ("MONGODB_TLS_CA_FILE", "/none.pem", "No such file"),
        ),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_line(
    settings: dict[str, str], parts: tuple[str, ...]
) -> None:
    assert_one_line(settings, *parts)


def test_garbage_for_a_certificate(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    settings = {"MONGODB_HOSTS": "h", "MONGODB_TLS": "true", "MONGODB_TLS_CA_FILE": str(garbage)}
    assert_one_line(settings, "MONGODB_TLS_CA_FILE", str(garbage), "PEM")


def test_an_authority_that_did_not_sign_the_certificate_of_the_database(tmp_path: Path) -> None:
    authority = CertificateAuthority.create()
    stranger = CertificateAuthority.create("Another authority")
    # The handshake decides, so nothing is needed behind the endpoint.
    with X509Endpoint(("127.0.0.1", 1), authority) as endpoint:
        settings = {
            "MONGODB_HOSTS": endpoint.host,
            "MONGODB_TLS": "true",
            "MONGODB_TLS_CA_FILE": str(stranger.write(tmp_path / "ca.pem")),
        }
        assert_one_line(settings, "MONGODB_TLS_CA_FILE", endpoint.host, "did not sign")
        # Of the same name, and another key.
        namesake = CertificateAuthority.create()
        settings["MONGODB_TLS_CA_FILE"] = str(namesake.write(tmp_path / "namesake.pem"))
        assert_one_line(settings, "MONGODB_TLS_CA_FILE", endpoint.host, "did not sign")
