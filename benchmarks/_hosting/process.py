"""A hosting server as a process of its own, beside its database, and the processor time that both have used."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks._children import environment, python
from tests.hosting.postgresql import NotInstalledError, PostgreSQL, private_server
from tests.ports import free_port

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `postmaster` is the first process of its PostgreSQL, None with SQLite."""

    pid: int
    port: int
    folder: Path
    postmaster: int | None

    @property
    def processor_seconds(self) -> float:
        """The processor time of the server and of PostgreSQL, with all processes that it has had."""
        return processor_seconds(self.pid) + (processor_seconds(self.postmaster) if self.postmaster else 0.0)

    @property
    def resident_bytes(self) -> int:
        """The memory of the server that is in use."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE_BYTES

    @property
    def open_files(self) -> int:
        """How many files the server has open, connections among them."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


@contextmanager
def running(folder: Path, address: str | None, *, plain: bool = True) -> Iterator[Server]:
    """Let a server run on the database at `address`, else on SQLite in `folder`, over plain HTTP or HTTPS by its own authority."""
    told = environment(**({"DCA_HOSTING_DATABASE_URL": address} if address else {}))
    data = ["--data", str(folder)]
    prepare = [*python("hosting"), "init", "--private-ca", "--name", "127.0.0.1", *data]
    subprocess.run(prepare, check=True, capture_output=True, env=told)
    words = [*python("hosting"), "serve", *data, "--bind", "127.0.0.1", "--port", "0", *(["--http"] if plain else [])]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=told) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            line = process.stdout.readline()
            if "is ready on port" not in line:
                raise RuntimeError(f"the hosting server did not start: {process.stderr.read()}")
            port = int(line.partition("on port ")[2].partition(":")[0])
            yield Server(process.pid, port, folder, _postmaster(address) if address else None)
        finally:
            process.terminate()
            process.communicate()


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process, of its children, and of those it has had."""
    children = (int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit())
    return sum(sum(times) for number in children if (found := _times(number)) and pid in (number, found[0]) for times in [found[1]])


def _times(pid: int) -> tuple[int, tuple[float, ...]] | None:
    """Return the parent of a process and its times: its own and those of children it waited for, user's and kernel's."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), tuple(int(field) / TICKS for field in fields[11:15])


def _postmaster(address: str) -> int:
    with psycopg.connect(address) as connection:
        found = _times(connection.info.backend_pid)
    assert found is not None
    return found[0]


@contextmanager
def own_postgresql() -> Iterator[PostgreSQL | None]:
    """Yield a PostgreSQL of our own, None where it is not installed."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(private_server(free_port()))
        except NotInstalledError:
            yield None
        else:
            yield server
