"""From the outbox of a site to a real hosting server, over HTTPS by a private authority: every reading exactly once."""

import contextlib
import socket
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import HostingError, RefusedError
from appliance.report import Device, Reading
from appliance.settings.store import SettingsStore
from appliance.store.store import Store
from appliance.transmission.client import HostingClient
from appliance.transmission.connection import ConnectionSettings
from appliance.transmission.enrolment import enrol_site, open_client
from appliance.transmission.site_key import Identity, load_key
from appliance.transmission.upload import Sent, upload_waiting
from tests.children import Child
from tests.conftest import FreePort, StartChild
from tests.forked import run_forked


@dataclass
class Hosting:
    """A hosting server with its data in a folder, which can be stopped and started again on the same port."""

    folder: Path
    port: int
    start_child: StartChild
    child: Child | None = None

    def command(self, *words: str) -> str:
        finished = run_forked("hosting", ["-m", "hosting", words[0], "--data", str(self.folder), *words[1:]])
        assert finished.returncode == 0, finished.stderr
        return finished.stdout.strip()

    def start(self) -> None:
        serve = ["serve", "--data", str(self.folder), "--bind", "127.0.0.1", "--port", str(self.port)]
        self.child = self.start_child(["python", "-m", "hosting", *serve])
        self.child.wait_for("is ready on port")

    def stop(self) -> None:
        assert self.child is not None
        assert self.child.stop().returncode == 0

    def taken(self) -> list[tuple[str, str]]:
        """Return key and moment of every reading the server has, each as often as it has it."""
        with contextlib.closing(sqlite3.connect(self.folder / "hosting.db")) as connection:
            rows = connection.execute("SELECT device_key, body FROM reading").fetchall()
        return sorted((key, to_rfc3339(Reading.model_validate_json(body).taken_at)) for key, body in rows)


@dataclass
class CuttingProxy:
    """Passes TCP on to a port. While `cutting`, it passes on half of what the server answers, then nothing more."""

    port: int
    target: int
    cutting: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.target)) as server:
            threading.Thread(target=self._requests, args=(client, server), daemon=True).start()
            while data := server.recv(65536):
                if self.cutting.is_set():
                    client.sendall(data[: len(data) // 2])
                    # Closing alone would wait for the other thread, which reads from this socket.
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)


@pytest.fixture
def hosting(tmp_path: Path, free_port: FreePort, start_child: StartChild) -> Hosting:
    made = Hosting(tmp_path / "hosting", free_port(), start_child)
    made.command("init", "--private-ca", "--name", "127.0.0.1")
    made.start()
    return made


@pytest.fixture
def proxy(hosting: Hosting) -> Iterator[CuttingProxy]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = CuttingProxy(listener.getsockname()[1], hosting.port)
        thread = threading.Thread(target=made.serve, args=(listener,), daemon=True)
        thread.start()
        yield made
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def client(hosting: Hosting, proxy: CuttingProxy, tmp_path: Path) -> Iterator[HostingClient]:
    """The client of a site that is enrolled through the proxy."""
    settings = SettingsStore(tmp_path / "settings.json", {"DCA_HOSTING_CA_FILE": str(hosting.folder / "ca.pem")})
    text = hosting.command("enrolment-code", "--site", "Office", "--url", f"https://127.0.0.1:{proxy.port}")
    first = enrol_site(text, tmp_path / "trust", settings)
    assert enrol_site(text, tmp_path / "trust", settings).site_id == first.site_id, "the same key and code again: the same site"
    opened = open_client(tmp_path / "trust", settings)
    assert opened is not None
    with opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "readings.db") as opened:
        yield opened


def fill(store: Store, count: int) -> list[tuple[str, str]]:
    """Keep `count` readings of 5 devices; return their keys and moments."""
    start = utc_now() - timedelta(hours=count)
    readings = [
        Reading(
            taken_at=start + timedelta(hours=number),
            device=Device(key=f"serial:HP:S{number % 5}", ip=f"10.0.0.{number % 5}", model="LaserJet"),
        )
        for number in range(count)
    ]
    store.keep(readings)
    return sorted((reading.device.key, to_rfc3339(reading.taken_at)) for reading in readings)


def test_every_reading_arrives_exactly_once_whatever_happens_on_the_way(
    hosting: Hosting, proxy: CuttingProxy, client: HostingClient, store: Store
) -> None:
    kept = fill(store, 40)
    first = store.next_batch(10)
    assert first is not None
    answer = client.upload(first)
    assert (answer.accepted, answer.duplicate) == (10, 0)

    # The acknowledgement was lost: the same batch is sent again, and counts once.
    again = client.upload(first)
    assert (again.accepted, again.duplicate) == (0, 10)
    store.acknowledge(first.id)

    # The answer is cut in half: the server has the batch, the site does not know.
    proxy.cutting.set()
    with pytest.raises(HostingError):
        upload_waiting(store, client, limit=10)
    assert len(hosting.taken()) == 20
    assert store.outbox_state().readings == 30
    proxy.cutting.clear()

    # The server is away, and comes back.
    hosting.stop()
    with pytest.raises(HostingError):
        upload_waiting(store, client, limit=10)
    hosting.start()
    sent = upload_waiting(store, client, limit=10)

    assert sent == Sent(batches=3, accepted=20, duplicate=10)
    assert store.outbox_state().readings == 0
    assert hosting.taken() == kept


def test_a_check_in_is_answered_with_intervals(client: HostingClient) -> None:
    answer = client.check_in({"devices": 13})
    assert abs((answer.server_time - utc_now()).total_seconds()) < 60
    assert answer.intervals.check_in_seconds
    assert answer.commands == ()


def test_a_reading_the_server_will_not_take_does_not_hold_back_the_others(
    hosting: Hosting, client: HostingClient, store: Store, tmp_path: Path
) -> None:
    fill(store, 12)
    with contextlib.closing(sqlite3.connect(tmp_path / "readings.db")) as connection, connection:
        connection.execute("""UPDATE reading SET body = replace(body, '"schema":1', '"schema":7') WHERE id = 5""")
    sent = upload_waiting(store, client)
    assert (sent.accepted, sent.set_aside) == (11, 1)
    assert len(hosting.taken()) == 11
    assert store.events(1)[0].kind == "reading_rejected"
    assert "readings.0.schema" in store.events(1)[0].text


def test_a_site_the_server_does_not_know_keeps_its_readings(
    hosting: Hosting, client: HostingClient, store: Store, tmp_path: Path
) -> None:
    fill(store, 3)
    key = load_key(tmp_path / "trust")
    assert key is not None
    stranger = Identity(key, "01a204df-c909-73e2-8e7e-cac5182c5f08")
    with (
        HostingClient(client.url, stranger, ConnectionSettings(ca_file=str(hosting.folder / "ca.pem"))) as other,
        pytest.raises(RefusedError, match="does not know this site") as caught,
    ):
        upload_waiting(store, other)
    assert caught.value.code == "unknown_site"
    assert store.outbox_state().readings == 3
    assert hosting.taken() == []


def test_an_enrolment_code_works_for_one_key_only(hosting: Hosting, tmp_path: Path) -> None:
    text = hosting.command("enrolment-code", "--site", "Office", "--url", f"https://127.0.0.1:{hosting.port}")
    environment = {"DCA_HOSTING_CA_FILE": str(hosting.folder / "ca.pem")}
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    enrol_site(text, tmp_path / "one", SettingsStore(tmp_path / "one" / "settings.json", environment))
    with pytest.raises(RefusedError, match="does not accept the enrolment code") as caught:
        enrol_site(text, tmp_path / "two", SettingsStore(tmp_path / "two" / "settings.json", environment))
    assert caught.value.code == "code_invalid"


def test_a_new_connection_to_the_server_resumes_the_session(client: HostingClient) -> None:
    for resumed in (False, True):
        client.close()
        client.check_in({})
        [connected] = client._tls._open.values()
        assert (connected.version(), connected.session_reused) == ("TLSv1.3", resumed)
