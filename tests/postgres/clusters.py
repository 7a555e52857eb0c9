"""A PostgreSQL server of one's own: a cluster in a temporary folder, on a Unix socket, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

USER = "postgres"
# A small server: tests open a handful of sessions. fsync stays on, as a store asks for.
OPTIONS = "-c listen_addresses='' -c shared_buffers=16MB -c max_connections=20"


def find_programs() -> Path:
    """Return the folder with initdb and pg_ctl: from PATH, from pg_config, or where Debian puts them."""
    places = [Path(path).resolve().parent for path in [shutil.which("initdb")] if path]
    if shutil.which("pg_config"):
        said = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
        places.append(Path(said.stdout.strip()))
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = [place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()]
    assert found, "no initdb in PATH, pg_config --bindir or /usr/lib/postgresql"
    return found[0]


def find_user() -> str | None:
    """Return whom to run the server as where we are root, whom it refuses; None where we are not."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class Cluster:
    """A running server. `stop` and `start` as a test likes; `remove` at the end."""

    def __init__(self, options: str = "") -> None:
        self._programs = find_programs()
        self._user = find_user()
        self._options = f"{OPTIONS} {options}"
        self._n_stores = 0
        self.folder = Path(tempfile.mkdtemp(prefix="zkm-pg-"))  # short: a socket's path has 107 bytes
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        self._run("initdb", "--auth=trust", f"--username={USER}", "--no-locale", "--encoding=UTF8", "--no-sync")
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "-D", str(self.folder / "data"), *arguments]
        subprocess.run(
            command,
            check=True,
            cwd=self.folder,
            user=self._user,
            group=None if self._user is None else pwd.getpwnam(self._user).pw_gid,
            extra_groups=None if self._user is None else [],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def start(self) -> None:
        """Return when the server takes connections."""
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "--wait", "--log", log, "--options", f"{self._options} -k {self.folder}")

    def stop(self, mode: str = "fast") -> None:
        """Return when the server has ended; mode "immediate" is what a crash is, to it and its clients."""
        self._run("pg_ctl", "stop", "--wait", "--mode", mode)

    def remove(self) -> None:
        """End the server and delete the folder."""
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def get_url(self, database: str) -> str:
        """Return the URL of a database, there or not."""
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def make_store(self) -> str:
        """Return the URL of a new, empty store: a schema of its own, which costs less than a database."""
        self._n_stores += 1
        name = f"store_{self._n_stores}"
        url = self.get_url("postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"{url}&options=-csearch_path%3D{name}"
