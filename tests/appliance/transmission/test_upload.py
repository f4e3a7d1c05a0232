"""Sending what waits: every reading once, whatever happens on the way."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.common.errors import BatchIdTakenError, HostingError, RefusedError
from appliance.store.store import Store
from appliance.transmission.client import HostingClient
from appliance.transmission.site_key import Identity
from appliance.transmission.upload import Sent, upload_waiting
from tests.appliance.store.samples import key, sample
from tests.appliance.transmission.peer import Received, Reply, answering_raw, serving

IDENTITY = Identity(Ed25519PrivateKey.from_private_bytes(b"\x07" * 32), "site-1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "readings.db") as opened:
        opened.keep([sample(number) for number in range(1, 11)])
        yield opened


class Server:
    """Takes each batch once, as a hosting server does."""

    def __init__(self) -> None:
        self.batches: dict[str, list[str]] = {}
        self.refuse: str | None = None

    def __call__(self, request: Received) -> Reply:
        content = request.content
        keys = [reading["device"]["key"] for reading in content["readings"]]
        if self.refuse in keys:
            return Reply({"error": "invalid", "message": f"readings.{keys.index(self.refuse)} does not fit"}, 422)
        if content["batch"] in self.batches:
            return Reply({"accepted": 0, "duplicate": len(keys)})
        self.batches[content["batch"]] = keys
        return Reply({"accepted": len(keys), "duplicate": 0})

    @property
    def keys(self) -> list[str]:
        return [name for names in self.batches.values() for name in names]


EVERY_KEY = [key(number) for number in range(1, 11)]


def test_everything_that_waits_is_sent_in_order(store: Store) -> None:
    server = Server()
    with serving(server) as peer, HostingClient(peer.url, IDENTITY) as client:
        sent = upload_waiting(store, client, limit=4)
    assert sent == Sent(batches=3, accepted=10)
    assert server.keys == EVERY_KEY
    assert store.outbox_state().readings == 0


def test_a_batch_whose_answer_was_cut_in_half_counts_once(store: Store) -> None:
    server = Server()
    whole = b'HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\n{"accepted":4,"duplicate":0}'
    with answering_raw(whole[:-10]) as peer, HostingClient(peer.url, IDENTITY) as client:
        with pytest.raises(HostingError, match="cut off"):
            upload_waiting(store, client, limit=4)
        server(peer.received[0])
    assert store.outbox_state().readings == 10
    with serving(server) as peer, HostingClient(peer.url, IDENTITY) as client:
        sent = upload_waiting(store, client, limit=4)
    assert sent == Sent(batches=3, accepted=6, duplicate=4)
    assert server.keys == EVERY_KEY


def test_what_got_through_before_a_failure_is_told(store: Store) -> None:
    server = Server()

    def answer(request: Received) -> Reply:
        return Reply(None, 503, {"Retry-After": "9"}) if server.batches else server(request)

    sent = Sent()
    with serving(answer) as peer, HostingClient(peer.url, IDENTITY) as client, pytest.raises(HostingError) as caught:
        upload_waiting(store, client, limit=4, sent=sent)
    assert caught.value.retry_after == 9
    assert sent == Sent(batches=1, accepted=4)
    assert store.outbox_state().readings == 6


def test_one_reading_the_server_will_never_take_does_not_hold_back_the_others(store: Store) -> None:
    server = Server()
    server.refuse = key(6)
    with serving(server) as peer, HostingClient(peer.url, IDENTITY) as client:
        sent = upload_waiting(store, client)
    assert (sent.accepted, sent.set_aside) == (9, 1)
    assert server.keys == [name for name in EVERY_KEY if name != key(6)]
    assert store.outbox_state().set_aside == 1


@pytest.mark.parametrize("code", ["revoked", "unknown_site"])
def test_a_site_that_is_refused_keeps_its_readings(store: Store, code: str) -> None:
    with (
        serving(lambda _: Reply({"error": code, "message": "No."}, 403 if code == "revoked" else 401)) as peer,
        HostingClient(peer.url, IDENTITY) as client,
        pytest.raises(RefusedError),
    ):
        upload_waiting(store, client)
    assert len(peer.received) == 1
    assert store.outbox_state().readings == 10
    assert store.outbox_state().set_aside == 0


def test_stopping_is_asked_between_batches(store: Store) -> None:
    server = Server()
    with serving(server) as peer, HostingClient(peer.url, IDENTITY) as client:
        sent = upload_waiting(store, client, limit=4, stopping=lambda: bool(server.batches))
    assert sent.batches == 1
    assert store.outbox_state().readings == 6


def test_a_batch_whose_id_stands_for_other_content_is_sent_under_a_new_one(store: Store) -> None:
    server = Server()
    clash: list[str] = []

    def answer(request: Received) -> Reply:
        if not clash:
            clash.append(request.content["batch"])
        return Reply({"error": "batch_conflict", "message": "No."}, 409) if request.content["batch"] in clash else server(request)

    with serving(answer) as peer, HostingClient(peer.url, IDENTITY) as client:
        sent = upload_waiting(store, client, limit=4)
    assert (sent.batches, sent.accepted, sent.set_aside) == (3, 10, 0)
    assert server.keys == EVERY_KEY
    assert store.outbox_state().readings == 0


def test_a_server_that_finds_every_id_taken_is_asked_again_later(store: Store) -> None:
    with (
        serving(lambda _: Reply({"error": "batch_conflict", "message": "No."}, 409)) as peer,
        HostingClient(peer.url, IDENTITY) as client,
        pytest.raises(BatchIdTakenError, match="other content"),
    ):
        upload_waiting(store, client, limit=4)
    assert len({request.content["batch"] for request in peer.received}) == len(peer.received) == 2
    assert store.outbox_state().readings == 10
