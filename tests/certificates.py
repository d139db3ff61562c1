"""Self-signed TLS certificates for the servers of the tests."""

import shutil
import subprocess
from pathlib import Path

import pytest


def self_signed(directory: Path) -> tuple[Path, Path]:
    """Write a certificate for localhost and its key to `directory`, and return both paths."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    certificate, key = directory / "server.crt", directory / "server.key"
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    files = ("-keyout", str(key), "-out", str(certificate))
    subprocess.run(  # noqa: S603 - our own command
        (openssl, *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"), *names, *files),
        check=True,
        capture_output=True,
    )
    key.chmod(0o600)
    return certificate, key
