"""A PostgreSQL server of the tests' own, and PgBouncer in front of it."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.certificates import self_signed

PASSWORD = "pg-secret"
DATABASE = "countersign"
_SERVICE_USER = "postgres"
"""The user who runs the server if the tests run as root, which PostgreSQL refuses."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server; `certificate` is its own, for sslrootcert."""

    port: int
    certificate: Path
    directory: Path

    def url(self, database: str = DATABASE, **parameters: str) -> str:
        return url(self.port, database, **parameters)


def url(port: int, database: str = DATABASE, **parameters: str) -> str:
    """Return a URL of the server on `port`, with these parameters of libpq."""
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return f"postgresql://{_SERVICE_USER}:{PASSWORD}@localhost:{port}/{database}?{query}"


def program(name: str) -> str:
    """Return the path of a program of PostgreSQL or PgBouncer; skip the test if it is missing."""
    places = [os.environ["PATH"], "/usr/sbin"]
    places += map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@contextmanager
def running() -> Iterator[Server]:
    """Yield a server with an empty database, TLS on a self-signed certificate, and a password."""
    initdb, postgres = program("initdb"), program("postgres")
    with _directory() as directory:
        data, password = directory / "data", directory / "password"
        _write(password, PASSWORD)
        _run(initdb, "-D", str(data), "-U", _SERVICE_USER, "-A", "scram-sha-256",
             f"--pwfile={password}", "--no-sync", "--locale=C.UTF-8")  # fmt: skip
        certificate, key = self_signed(data)
        for file in (certificate, key):
            os.chown(file, data.stat().st_uid, data.stat().st_gid)
        port = _free_port()
        options = {
            "listen_addresses": "localhost",
            "port": str(port),
            "unix_socket_directories": str(directory),
            "ssl": "on",
            "fsync": "off",
            "log_min_messages": "fatal",
        }
        settings = [f"--{name}={value}" for name, value in options.items()]
        with _started(directory, postgres, "-D", str(data), *settings):
            _run(program("createdb"), "-h", "localhost", "-p", str(port), "-U", _SERVICE_USER,
                 DATABASE, environment={"PGPASSWORD": PASSWORD}, retries=200)  # fmt: skip
            yield Server(port=port, certificate=certificate, directory=directory)


@contextmanager
def pgbouncer(server: Server, mode: str, size: int) -> Iterator[int]:
    """Yield the port of a PgBouncer in this pool mode, with `size` connections to the server."""
    binary, port = program("pgbouncer"), _free_port()
    users, config = server.directory / f"{mode}.users", server.directory / f"{mode}.ini"
    _write(users, f'"{_SERVICE_USER}" "{PASSWORD}"\n')
    _write(
        config,
        f"""[databases]
* = host=localhost port={server.port}
[pgbouncer]
listen_addr = localhost
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 200
logfile = {server.directory / mode}.log
""",
    )
    with _started(server.directory, binary, str(config)):
        _wait_for(port)
        yield port


@contextmanager
def _directory() -> Iterator[Path]:
    """Yield a directory that belongs to the user who runs the servers."""
    directory = Path(tempfile.mkdtemp(prefix="countersign-pg-"))
    try:
        if os.getuid() == 0:
            user = pwd.getpwnam(_SERVICE_USER)
            os.chown(directory, user.pw_uid, user.pw_gid)
        yield directory
    finally:
        shutil.rmtree(directory)


def _write(file: Path, text: str) -> None:
    """Write a file for the user who runs the servers, whatever the umask of the tests is."""
    file.write_text(text)
    file.chmod(0o644)


def _identity() -> Mapping[str, str | int]:
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam(_SERVICE_USER)
    return {"user": user.pw_uid, "group": user.pw_gid}


def _run(*command: str, environment: Mapping[str, str] | None = None, retries: int = 0) -> None:
    while True:
        done = subprocess.run(  # noqa: S603 - our own programs
            command,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
            **_identity(),  # type: ignore[call-overload]
        )
        if done.returncode == 0:
            return
        retries -= 1
        if retries < 0:
            raise RuntimeError(f"{command[0]}: {done.stderr}")


@contextmanager
def _started(directory: Path, *command: str) -> Iterator[None]:
    process = subprocess.Popen(  # noqa: S603 - our own programs
        command,
        cwd=directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **_identity(),  # type: ignore[call-overload]
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    for _ in range(2000):
        with socket.socket() as probe:
            probe.settimeout(0.01)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise TimeoutError(f"nothing listens on port {port}")
