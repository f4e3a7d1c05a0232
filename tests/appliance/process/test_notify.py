"""The notify protocol: datagrams of fields to whoever started this process."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.common.message import Message
from appliance.process.notify import heartbeat_interval, notify, status_of


@pytest.fixture
def listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.bind(str(tmp_path / "notify"))
        opened.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield opened


def test_fields_are_sent_one_a_line(listener: socket.socket) -> None:
    assert notify(READY=1, STATUS="reading 3 of 13")
    assert listener.recv(1000) == b"READY=1\nSTATUS=reading 3 of 13"


def test_a_line_break_in_a_value_makes_no_field(listener: socket.socket) -> None:
    assert notify(STATUS="reading HP\nWATCHDOG=1\r\nREADY=1")
    assert listener.recv(1000) == b"STATUS=reading HP WATCHDOG=1 READY=1"


def test_an_abstract_socket_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"dca-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.bind(f"\0{name}")
        opened.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        assert notify(WATCHDOG=1)
        assert opened.recv(100) == b"WATCHDOG=1"


def test_without_a_supervisor_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify(READY=1)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert not notify(READY=1)


@pytest.mark.timeout(20)
def test_a_supervisor_that_reads_nothing_blocks_nobody(listener: socket.socket) -> None:
    sent = [notify(STATUS="x" * 1000) for _ in range(5000)]
    assert sent[0]
    assert not sent[-1]


@pytest.mark.parametrize(
    ("microseconds", "owner", "seconds"),
    [
        ("20000000", None, 10.0),
        ("20000000", "own", 10.0),
        ("20000000", "1", None),
        (None, None, None),
        ("0", None, None),
        ("soon", None, None),
    ],
)
def test_a_heartbeat_is_due_twice_in_the_time_allowed(
    monkeypatch: pytest.MonkeyPatch, microseconds: str | None, owner: str | None, seconds: float | None
) -> None:
    for name, value in (("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", str(os.getpid()) if owner == "own" else owner)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert heartbeat_interval() == seconds


def test_a_status_that_is_a_message_is_read_as_one(listener: socket.socket) -> None:
    doing = Message("reading %(what)s", what=Message("%(count)d devices", count=3))
    assert notify(READY=1, STATUS=doing)
    fields = parse(listener.recv(1000))
    assert fields["STATUS"] == "reading 3 devices"
    read = status_of(fields, 100)
    assert isinstance(read, Message)
    assert (read.template, read.values) == (doing.template, doing.values)
    assert status_of(fields, 10) == "reading 3 "


@pytest.mark.parametrize(
    "beside", ["", "{", "[" * 5000, '{"template": "%(x)s", "values": {}}', '{"template": "other", "values": {}}']
)
def test_what_does_not_fit_its_status_is_passed_over(beside: str) -> None:
    read = status_of({"STATUS": "idle", "X_STATUS_MESSAGE": beside}, 100)
    assert read == "idle"
    assert not isinstance(read, Message)


def parse(datagram: bytes) -> dict[str, str]:
    return dict(line.split("=", 1) for line in datagram.decode().split("\n"))
