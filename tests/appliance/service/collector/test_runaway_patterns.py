"""A definition with patterns that run away elsewhere: the heartbeat of the collector goes on, and the device is read."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from tests.appliance.collector import Site
from tests.appliance.definitions.device import DEVICE_DESCR, HEAD, SERIAL, SYS_DESCR, Content, P, of, written
from tests.conftest import StartSimulator
from tests.recordings.recorded_file import write_recording

WATCHDOG_SECONDS = 3.0
"""The collector tells twice as often that it is alive."""
LONG = "a" * 250 + "!"
ROWS = 150


@contextmanager
def heartbeats(path: Path) -> Iterator[list[float]]:
    """Yield the moments at which the process behind this notify socket told that it is alive."""
    moments: list[float] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))

        def listen() -> None:
            while (message := listening.recv(4096)) != b"over":
                if b"WATCHDOG=1" in message or b"READY=1" in message:
                    moments.append(time.monotonic())

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield moments
        finally:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
                telling.sendto(b"over", str(path))
            thread.join()


def definition(pattern: str) -> str:
    """Return a definition that has a pattern at each place where there may be one."""
    labels = ", ".join(f"{{ label = '{pattern}', not_label = '{pattern}', gives = 'meters.other_{row}' }}" for row in range(40))
    return f"""{HEAD}
[match]
descriptions = ['{pattern}', 'device of the test']
imaging = ["{P}.32473.7"]

[[text]]
of = "sysDescr"
pattern = '(?P<model>{pattern})'

[[object]]
name = "words"
oid = "{P}.32473.1.2.0"
gives = "misc.words"
evidence = "A"
pattern = '{pattern}'
not_model = '{pattern}'

[[table]]
name = "counters"
evidence = "A"
columns = {{ label = "{P}.32473.5.1.2", value = "{P}.32473.5.1.3" }}
row = [{labels}]
"""


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|aa)*$", "^(.*a){10}$"])
def test_the_heartbeat_goes_on(site: Site, start_simulator: StartSimulator, tmp_path: Path, pattern: str) -> None:
    table: dict[str, Content] = {f"{P}.32473.5.1.2.{row}": LONG for row in range(ROWS)}
    table |= {f"{P}.32473.5.1.3.{row}": row for row in range(ROWS)}
    texts = {SYS_DESCR: LONG, DEVICE_DESCR: LONG, SERIAL: "A1B2C3", f"{P}.32473.1.2.0": LONG}
    file = write_recording(tmp_path / "device.snmprec", of("32473.7", {**texts, **table}))
    simulator = start_simulator("--recordings", file, "--base", "127.92.9.1")
    written(site.data / "definitions", definition(pattern))
    site.variables |= {"DCA_SCAN_TARGETS": simulator.addresses[0], "DCA_SNMP_PORT": str(simulator.port)}
    notify = site.folder / "notify.sock"

    with heartbeats(notify) as moments:
        site.start({"NOTIFY_SOCKET": str(notify), "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1e6))})
        scan = site.wait_for_scan()
        answer = site.call("POST", "/v1/trial")

    assert (scan["read"], answer["read"], site.problem("definitions")) == (1, 1, None)
    assert len(moments) > 1
    assert max(later - earlier for earlier, later in pairwise(moments)) < WATCHDOG_SECONDS
    assert site.rows("SELECT json_extract(body, '$.device.serial') FROM reading") == [("A1B2C3",)]
