"""A PostgreSQL server of the tests' own: Debian's programs, a temporary folder, a free port."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

USER, PASSWORD = "shop", "mật-khẩu-bí-mật"
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "max_connections": "40",
    "log_statement": "ddl",
}


def program(name: str) -> str:
    """Where one of the server's programs is: Debian keeps them out of PATH."""
    found = shutil.which(name) or next(iter(sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
    assert found, f"{name} is not installed: apt-get install postgresql postgresql-contrib"
    return str(found)


def unprivileged() -> list[str]:
    """What goes before a command of the server's, which does not run as root."""
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


@dataclass
class Server:
    """A server that runs.

    :param folder: with its socket, its log and its data.
    """

    folder: Path
    port: int
    _names: Iterator[int]

    def url(self, database: str = "postgres", user: str = USER, password: str = PASSWORD, **settings: str) -> str:
        """The URL of a database over TCP."""
        said = "&".join(f"{name}={value}" for name, value in settings.items())
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}" + (f"?{said}" if said else "")

    def database(self, how: str = "", *, user: str = USER) -> str:
        """Make a database; return its URL.

        :param how: the rest of CREATE DATABASE.
        """
        name = f"shop_{next(self._names)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 " + how).format(sql.Identifier(name)))
        return self.url(name, user=user)

    def control(self, *arguments: str) -> None:
        """Run pg_ctl."""
        command = [*unprivileged(), program("pg_ctl"), "-D", str(self.folder / "data"), "-w", *arguments]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        assert done.returncode == 0, done.stderr + (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        given = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        options = f"-p {self.port} -k {self.folder} -h 127.0.0.1 {given}"
        self.control("start", "-l", str(self.folder / "log"), "-o", options)

    def stop(self, how: str = "fast") -> None:
        """Stop it; whoever is connected is cut off."""
        self.control("stop", "-m", how)


@contextmanager
def running() -> Iterator[Server]:
    """Make a server, and take it away behind the block."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # a socket's path has room for a hundred characters
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(folder, port, count(1))
    try:
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        if os.geteuid() == 0:
            for path in (folder, folder / "password"):
                shutil.chown(path, "postgres")
        # The plainest locale: what works here does not lean on the server's own idea of letters.
        make = ["initdb", "-D", str(folder / "data"), "-U", USER, "--encoding=UTF8", "--locale=C", "--no-sync"]
        make += ["--auth=scram-sha-256", "--pwfile", str(folder / "password")]
        subprocess.run(
            [*unprivileged(), program(make[0]), *make[1:]], check=True, stdout=subprocess.DEVNULL, cwd=folder
        )
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder)
