"""A hosting server as a provider runs it: two processes on a PostgreSQL, behind a haproxy with TLS; they can be killed."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import urllib3

from hosting.config import Config
from hosting.db import sites
from hosting.db.connection.database import Database, database_url
from hosting.enrolment import enrolment_string
from tests.children import Child, run_child, wait_until
from tests.hosting.postgresql import ALONE, DURABLE, NotInstalledError, PostgreSQL, private_server
from tests.ports import free_port

SERVERS = 2
CONNECTIONS = 4_000

HAPROXY = """
global
    maxconn {connections}
defaults
    mode http
    timeout connect 2s
    timeout client 130s
    timeout server 60s
    timeout queue 5s
    option redispatch
    retries 3
frontend sites
    bind 127.0.0.1:{port} ssl crt {certificate}
    option forwardfor
    http-request set-header X-Forwarded-Proto https
    default_backend servers
backend servers
    balance roundrobin
    option httpchk GET /livez
    default-server inter 300ms fall 2 rise 1
{servers}
"""


class Cluster:
    """Processes that run. `database` is open for whoever looks into what they keep."""

    def __init__(self, folder: Path, postgresql: PostgreSQL, stack: ExitStack) -> None:
        self.folder = folder
        self.postgresql = postgresql
        self.port = free_port()
        self._stack = stack
        self._address = postgresql.new_database()
        self._ports = [free_port() for _ in range(SERVERS)]
        self._environment = {"DCA_HOSTING_DATABASE_URL": self._address, "DCA_HOSTING_TRUSTED_PROXIES": "127.0.0.1"}
        self._init()
        self.servers = [self._serve(number) for number in range(SERVERS)]
        for server in self.servers:
            server.wait_for("is ready on port", deadline=120)
        self._haproxy()
        self.database = stack.enter_context(Database(database_url(self._address, folder)))

    @property
    def url(self) -> str:
        """The address that sites use."""
        return f"https://localhost:{self.port}"

    @property
    def authority(self) -> Path:
        """The certificate authority of that address."""
        return self.folder / "ca.pem"

    def strings(self, count: int) -> Path:
        """Return a file with so many enrolment strings."""
        config = Config(self.folder, database_url=self._address)
        with self.database.writing() as connection:
            codes = [sites.make_enrolment_code(connection, f"Site {n + 1:05}", days=7, actor="test")[1] for n in range(count)]
        file = self.folder / "strings.txt"
        file.write_text("\n".join(enrolment_string(config, self.url, code) for code in codes))
        return file

    def token(self) -> Path:
        """Return a file with a token for the read API."""
        words: list[str | Path] = ["python", "-m", "hosting", "token", "create", "--data", self.folder, "--name", "fleet-check"]
        made = run_child(words, environment=self._environment)
        assert made.returncode == 0, made.stderr
        (self.folder / "token.txt").write_text(made.stdout)
        return self.folder / "token.txt"

    def kill_server(self, number: int) -> None:
        """Kill one of the server processes with SIGKILL."""
        self.servers[number].send(signal.SIGKILL)
        self.servers[number].wait()

    def start_server(self, number: int) -> None:
        """Start one that was killed; haproxy finds out when it is ready."""
        self.servers[number] = self._serve(number)

    def _init(self) -> None:
        words: list[str | Path] = ["python", "-m", "hosting", "init", "--data", self.folder, "--private-ca", "--name", "localhost"]
        made = run_child(words, environment=self._environment)
        assert made.returncode == 0, made.stderr

    def _serve(self, number: int) -> Child:
        port = self._ports[number]
        words = ["--http", "--bind", "127.0.0.1", "--port", str(port), "--public-url", self.url]
        child = Child(["python", "-m", "hosting", "serve", "--data", self.folder, *words], environment=self._environment)
        self._stack.callback(child.kill)
        return child

    def _haproxy(self) -> None:
        """Start haproxy, and wait until it finds the servers."""
        program = shutil.which("haproxy") or "/usr/sbin/haproxy"
        if not Path(program).exists():
            raise NotInstalledError("no haproxy")
        certificate = self.folder / "proxy.pem"
        certificate.touch(mode=0o600)
        certificate.write_bytes((self.folder / "server.pem").read_bytes() + (self.folder / "server.key").read_bytes())
        servers = "\n".join(f"    server s{n} 127.0.0.1:{port} check" for n, port in enumerate(self._ports))
        text = HAPROXY.format(connections=CONNECTIONS, port=self.port, certificate=certificate, servers=servers)
        (self.folder / "haproxy.cfg").write_text(text)
        child = Child([program, "-db", "-f", self.folder / "haproxy.cfg"])
        self._stack.callback(child.kill)
        wait_until("haproxy passes on what it gets", lambda: not child.running or self._answers())
        assert child.running, child.stderr

    def _answers(self) -> bool:
        with urllib3.PoolManager(ca_certs=str(self.authority), retries=False) as pool:
            try:
                return pool.request("GET", f"{self.url}/livez").status == 200
            except urllib3.exceptions.HTTPError:
                return False


@contextmanager
def cluster(folder: Path, *, durable: bool = False) -> Iterator[Cluster]:
    """Run a cluster with its data in `folder`; `durable`: its PostgreSQL waits for the disk.

    Raises NotInstalledError where PostgreSQL or haproxy is missing.
    """
    with ExitStack() as stack:
        yield Cluster(folder, stack.enter_context(private_server(free_port(), DURABLE if durable else ALONE)), stack)
