"""Sending changes: to servers that rebuild readings, and to those that do not know how."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.common.errors import HostingError
from appliance.store.store import Store
from appliance.transmission.client import HostingClient
from appliance.transmission.site_key import Identity
from appliance.transmission.upload import Sent, upload_waiting
from tests.appliance.store.samples import key, sample
from tests.appliance.transmission.peer import Received, Reply, serving

IDENTITY = Identity(Ed25519PrivateKey.from_private_bytes(b"\x07" * 32), "site-1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "readings.db") as opened:
        yield opened


def cycle(store: Store, hours: int) -> None:
    """Read three devices."""
    store.keep([sample(number, hours=hours, pages=100 + hours) for number in (1, 2, 3)])


class Server:
    """Takes each batch once. `knows_changes` as it answers now; `needed` is what it asks for in the next answer that may."""

    def __init__(self) -> None:
        self.knows_changes = True
        self.needed: list[str] = []
        self.batches: dict[str, int] = {}
        self.took: list[tuple[int, int]] = []
        """Of each batch the readings in full and the changes."""

    def __call__(self, request: Received) -> Reply:
        content = request.content
        full = len(content["readings"])
        changes = [change["device"] for change in content.get("changes", [])] if self.knows_changes else []
        self.took.append((full, len(content.get("changes", []))))
        needed = [device for device in self.needed if device in changes]
        count = full + len(changes) - len(needed)
        twice = content["batch"] in self.batches
        self.batches[content["batch"]] = count
        said = {"accepted": 0 if twice else count, "duplicate": count if twice else 0}
        if self.knows_changes:
            said["changes"] = True
        return Reply(said | ({"needed": needed} if needed else {}))


def test_changes_are_sent_once_the_server_said_that_it_knows_them(store: Store) -> None:
    server = Server()
    with serving(server) as peer, HostingClient(peer.url, IDENTITY) as client:
        for hours in range(3):
            cycle(store, hours)
            assert upload_waiting(store, client) == Sent(batches=1, accepted=3)
    assert server.took == [(3, 0), (0, 3), (0, 3)]
    assert store.outbox_state().readings == 0


def test_an_old_server_gets_full_readings_for_ever(store: Store) -> None:
    server = Server()
    server.knows_changes = False
    with serving(server) as peer, HostingClient(peer.url, IDENTITY) as client:
        for hours in range(3):
            cycle(store, hours)
            upload_waiting(store, client)
    assert server.took == [(3, 0)] * 3


def test_a_server_that_went_back_to_an_old_version_gets_everything_in_full_under_another_id(store: Store) -> None:
    server = Server()
    with serving(server) as peer, HostingClient(peer.url, IDENTITY) as client:
        cycle(store, 0)
        upload_waiting(store, client)
        server.knows_changes = False
        cycle(store, 1)
        assert upload_waiting(store, client) == Sent(batches=1, accepted=3)
    assert server.took == [(3, 0), (0, 3), (3, 0)]
    # It took the batch of changes as an empty one: under that id it would take nothing any more.
    assert len(server.batches) == 3
    assert store.outbox_state().readings == 0


def test_what_the_server_needs_follows_in_full_at_once(store: Store) -> None:
    server = Server()
    with serving(server) as peer, HostingClient(peer.url, IDENTITY) as client:
        cycle(store, 0)
        upload_waiting(store, client)
        server.needed = [key(2)]
        cycle(store, 1)
        assert upload_waiting(store, client) == Sent(batches=2, accepted=3, needed=1)
    assert server.took == [(3, 0), (0, 3), (1, 0)]
    assert store.outbox_state().readings == 0


def test_a_server_that_needs_what_it_was_not_told_has_not_got_the_batch(store: Store) -> None:
    server = Server()

    def answer(request: Received) -> Reply:
        if not request.content.get("changes"):
            return server(request)
        return Reply({"accepted": 2, "duplicate": 0, "changes": True, "needed": ["serial:HP:other"]})

    with serving(answer) as peer, HostingClient(peer.url, IDENTITY) as client:
        cycle(store, 0)
        upload_waiting(store, client)
        cycle(store, 1)
        with pytest.raises(HostingError, match="confirmed 2 of 3 readings"):
            upload_waiting(store, client)
    assert store.outbox_state().readings == 3


def test_changes_whose_answer_was_lost_are_sent_again_under_the_same_id(store: Store) -> None:
    server = Server()
    lost: list[Received] = []

    def answer(request: Received) -> Reply:
        reply = server(request)
        if request.content.get("changes") and not lost:
            lost.append(request)
            return Reply(None, 502)
        return reply

    with serving(answer) as peer, HostingClient(peer.url, IDENTITY) as client:
        cycle(store, 0)
        upload_waiting(store, client)
        cycle(store, 1)
        with pytest.raises(HostingError):
            upload_waiting(store, client)
        assert upload_waiting(store, client) == Sent(batches=1, duplicate=3)
    assert peer.received[-1].raw == peer.received[-2].raw


def test_a_thousand_readings_go_in_one_request(store: Store) -> None:
    server = Server()
    store.keep([sample(number) for number in range(1001)])
    with serving(server) as peer, HostingClient(peer.url, IDENTITY) as client:
        upload_waiting(store, client)
    assert server.took == [(1000, 0), (1, 0)]
