"""Devices are followed: at new addresses, behind new serial numbers, from a provisional key to their own."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.events.device_event import SILENT_AFTER_CYCLES
from appliance.report import Device, Meter, Reading
from appliance.store.reader import Reader
from appliance.store.store import Store
from tests.appliance.store.samples import START, key, sample

MAC = "00:1b:a9:0b:a7:52"
MAC_KEY = "mac:001ba90ba752"


def seen(
    device_key: str, *, ip: str = "10.0.0.1", hours: float = 0, mac: str | None = None, model: str | None = "LaserJet"
) -> Reading:
    """Return a reading of the device with this key."""
    serial = device_key.split(":", 2)[2] if device_key.startswith("serial:") else None
    return Reading(
        taken_at=START + timedelta(hours=hours),
        device=Device(key=device_key, ip=ip, mac=mac, manufacturer="HP", model=model, serial=serial),
        meters={"total": Meter(value=int(hours), unit="impressions", source="x")},
    )


def told(store: Store, *kinds: str) -> list[tuple[str, str | None, Mapping[str, Any]]]:
    """Return the events of these kinds (all when none is named), the oldest first."""
    events = reversed(store.events(1000))
    return [(event.kind, event.device_key, event.details) for event in events if not kinds or event.kind in kinds]


def addresses(path: Path, device_key: str) -> list[str]:
    return [stay.address for stay in Reader(path).addresses(device_key)]


def test_the_same_serial_number_at_another_address_is_the_same_device_with_a_history_of_addresses(store: Store, path: Path) -> None:
    for hours, ip in enumerate(("10.0.0.1", "10.0.0.1", "10.0.0.9", "10.0.0.1")):
        store.keep([sample(ip=ip, hours=hours)])
    [row] = store.devices()
    assert (row.key, row.address) == (key(), "10.0.0.1")
    assert addresses(path, key()) == ["10.0.0.1", "10.0.0.9", "10.0.0.1"]
    last, _, first = Reader(path).addresses(key())
    assert (first.first_seen_at, first.last_seen_at) == (START, sample(hours=1).taken_at)
    assert last.first_seen_at == sample(hours=3).taken_at
    assert told(store, "device_moved") == [
        ("device_moved", key(), {"from": "10.0.0.1", "to": "10.0.0.9"}),
        ("device_moved", key(), {"from": "10.0.0.9", "to": "10.0.0.1"}),
    ]


def test_another_serial_number_at_the_same_address_is_another_device_and_the_old_one_replaced(store: Store) -> None:
    store.keep([sample(1, ip="10.0.0.1")])
    store.keep([sample(2, ip="10.0.0.1", hours=1)])
    rows = {row.key: row for row in store.devices()}
    assert (rows[key(1)].address, rows[key(1)].replaced_by) == (None, key(2))
    assert (rows[key(2)].address, rows[key(2)].replaced_by) == ("10.0.0.1", None)
    assert told(store) == [
        ("device_new", key(1), {"address": "10.0.0.1"}),
        ("device_new", key(2), {"address": "10.0.0.1"}),
        ("device_replaced", key(1), {"address": "10.0.0.1", "by": key(2), "by_name": "HP LaserJet"}),
    ]


def test_a_replaced_device_that_shows_up_elsewhere_is_a_device_that_moved(store: Store) -> None:
    store.keep([sample(1, ip="10.0.0.1")])
    store.keep([sample(2, ip="10.0.0.1", hours=1)])
    store.keep([sample(1, ip="10.0.0.7", hours=2)])
    assert {row.key: (row.address, row.replaced_by) for row in store.devices()} == {
        key(1): ("10.0.0.7", None),
        key(2): ("10.0.0.1", None),
    }
    assert told(store, "device_moved") == [("device_moved", key(1), {"from": "10.0.0.1", "to": "10.0.0.7"})]


def test_two_devices_that_swap_their_addresses_moved_and_neither_was_replaced(store: Store) -> None:
    store.keep([sample(1, ip="10.0.0.1"), sample(2, ip="10.0.0.2")])
    store.keep([sample(1, ip="10.0.0.2", hours=1), sample(2, ip="10.0.0.1", hours=1)])
    assert {row.key: row.address for row in store.devices()} == {key(1): "10.0.0.2", key(2): "10.0.0.1"}
    assert [kind for kind, _, _ in told(store)] == ["device_new", "device_new", "device_moved", "device_moved"]


@pytest.mark.parametrize("former", [MAC_KEY, "address:10.0.0.1"])
def test_a_device_that_tells_its_serial_number_later_keeps_its_history(store: Store, path: Path, former: str) -> None:
    mac = MAC if former == MAC_KEY else None
    store.keep([seen(former, mac=mac), seen(former, mac=mac, hours=1)])
    store.keep([seen("serial:HP:S1", mac=MAC, hours=2)])
    [row] = store.devices()
    assert (row.key, row.first_seen_at) == ("serial:HP:S1", START)
    assert [one.meters["total"].value for one in Reader(path).readings("serial:HP:S1")] == [2, 1, 0]
    assert told(store) == [
        ("device_new", "serial:HP:S1", {"address": "10.0.0.1"}),
        ("device_identified", "serial:HP:S1", {"former_key": former, "key": "serial:HP:S1"}),
    ]
    assert addresses(path, "serial:HP:S1") == ["10.0.0.1"]


def test_a_device_known_by_its_address_may_tell_its_mac_first_and_its_serial_number_then(store: Store) -> None:
    store.keep([seen("address:10.0.0.1")])
    store.keep([seen(MAC_KEY, mac=MAC, hours=1)])
    store.keep([seen("serial:HP:S1", mac=MAC, hours=2)])
    assert [row.key for row in store.devices()] == ["serial:HP:S1"]
    assert [kind for kind, _, _ in told(store)] == ["device_new", "device_identified", "device_identified"]


def test_two_provisional_devices_that_turn_out_to_be_one_become_one(store: Store, path: Path) -> None:
    store.keep([seen("serial:HP:S1", ip="10.0.0.5")])
    store.keep([seen(MAC_KEY, mac=MAC, ip="10.0.0.6", hours=1)])
    store.keep([seen("serial:HP:S1", mac=MAC, ip="10.0.0.6", hours=2)])
    [row] = store.devices()
    assert (row.key, row.address) == ("serial:HP:S1", "10.0.0.6")
    assert len(Reader(path).readings("serial:HP:S1")) == 3


@pytest.mark.parametrize(("less", "mac"), [(MAC_KEY, MAC), ("address:10.0.0.1", None)])
def test_a_reading_that_tells_less_belongs_to_the_device_that_is_known(store: Store, less: str, mac: str | None) -> None:
    store.keep([seen("serial:HP:S1", mac=MAC)])
    store.keep([seen(less, mac=mac, hours=1, model=None)])
    [row] = store.devices()
    assert row.key == "serial:HP:S1"
    assert row.reading.device.key == "serial:HP:S1"
    assert row.reading.device.serial is None, "what was not said is not made up"
    assert [kind for kind, _, _ in told(store)] == ["device_new"]


@pytest.mark.parametrize(
    ("half", "mac", "maker"),
    [(MAC_KEY, MAC, "HP"), ("address:10.0.0.1", None, None), ("serial:UNKNOWN:S1", None, None)],
    ids=["MAC address alone", "address alone", "serial number without maker"],
)
def test_half_an_answer_makes_no_second_device(store: Store, half: str, mac: str | None, maker: str | None) -> None:
    store.keep([seen("serial:HP:S1")])
    reading = seen(half, mac=mac, hours=1, model=None)
    device = reading.device.model_copy(update={"manufacturer": maker})
    store.keep([reading.model_copy(update={"device": device, "reasons": {"reading": "it stopped answering"}})])
    [row] = store.devices()
    assert row.key == "serial:HP:S1"
    assert [kind for kind, _, _ in told(store)] == ["device_new"]


def test_a_device_without_identity_at_the_address_of_another_model_is_a_device_of_its_own(store: Store) -> None:
    store.keep([seen("serial:HP:S1", mac=MAC)])
    store.keep([seen("address:10.0.0.1", model="OfficeJet", hours=1)])
    assert [row.key for row in store.devices()] == ["serial:HP:S1", "address:10.0.0.1"]


def test_an_alias_of_an_address_ends_when_the_device_moves_away(store: Store) -> None:
    store.keep([seen("address:10.0.0.1")])
    store.keep([seen("serial:HP:S1", hours=1)])
    store.keep([seen("serial:HP:S1", ip="10.0.0.2", hours=2)])
    store.keep([seen("address:10.0.0.1", model="OfficeJet", hours=3)])
    assert {row.key: row.address for row in store.devices()} == {"serial:HP:S1": "10.0.0.2", "address:10.0.0.1": "10.0.0.1"}


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("serial:UNKNOWN:S1", "serial:HP:S1"),
        ("serial:KYOCERA:S1", "serial:UTAX:S1"),
        ("serial:HP:00S1", "serial:HP:S1"),
        ("serial:HP:S1", "serial:HP:00S1"),
        ("serial:UNKNOWN:S-1", "serial:HP:S1"),
    ],
)
@pytest.mark.parametrize("place", [{"ip": "10.0.0.1"}, {"ip": "10.0.0.5", "mac": MAC}])
def test_a_device_keeps_its_key_when_its_maker_or_the_spelling_of_its_serial_number_changes(
    store: Store, path: Path, before: str, now: str, place: dict[str, str]
) -> None:
    store.keep([seen(before, mac=MAC)])
    store.keep([seen(now, hours=1, **place)])
    store.keep([seen(now, ip="10.0.0.9", hours=2)])
    [row] = store.devices()
    assert (row.key, row.address, row.reading.device.key) == (before, "10.0.0.9", before)
    assert len(Reader(path).readings(before)) == 3
    assert {kind for kind, _, _ in told(store)} <= {"device_new", "device_moved"}
    store.keep([seen(before, ip="10.0.0.9", hours=3)])
    assert len(store.devices()) == 1, "and when it is named as before"


def test_the_same_number_of_another_maker_elsewhere_is_another_device(store: Store) -> None:
    store.keep([seen("serial:HP:S1")])
    store.keep([seen("serial:XEROX:S1", ip="10.0.0.99", hours=2)])
    assert len(store.devices()) == 2


def test_a_database_of_a_former_version_keeps_its_keys_and_its_history(path: Path) -> None:
    with Store(path) as store:
        store.keep([seen("serial:KYOCERA:S1", mac=MAC), seen("serial:KYOCERA:S2", ip="10.0.0.2")])
    with Store(path) as store:
        store.keep([seen("serial:UTAX:S1", hours=24), seen("serial:UTAX:S2", ip="10.0.0.2", hours=24)])
        assert [row.key for row in store.devices()] == ["serial:KYOCERA:S1", "serial:KYOCERA:S2"]
        assert [len(Reader(path).readings(row.key)) for row in store.devices()] == [2, 2]
        assert [kind for kind, _, _ in told(store)] == ["device_new", "device_new"]


def test_readings_of_one_device_that_come_at_once_make_one_device(path: Path) -> None:
    with Store(path) as store:
        batches = [[seen(device_key, mac=MAC, hours=number)] for number in range(8) for device_key in (MAC_KEY, "serial:HP:S1")]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(store.keep, batches))
        [row] = store.devices()
        assert row.key == "serial:HP:S1"
        assert [kind for kind, _, _ in told(store, "device_new")] == ["device_new"]
        assert len(Reader(path).readings("serial:HP:S1")) == 16


def test_a_device_is_silent_after_three_cycles_in_vain_and_back_when_it_answers(store: Store) -> None:
    store.keep([sample()])
    for number in range(SILENT_AFTER_CYCLES + 2):
        assert len(told(store, "device_silent")) == (number >= SILENT_AFTER_CYCLES)
        store.note_failures({key(): "10.0.0.1 did not answer."}, sample(hours=number + 1).taken_at)
    [(_, device, detail)] = told(store, "device_silent")
    assert device == key()
    assert detail == {"missed": 3, "reason": "10.0.0.1 did not answer.", "last_seen_at": "2026-11-01T08:00:00Z"}
    row = store.device(key())
    assert row is not None
    assert row.silent_at == sample(hours=3).taken_at
    store.keep([sample(hours=9)])
    assert told(store, "device_back") == [("device_back", key(), {"address": "10.0.0.1", "silent_since": "2026-11-01T11:00:00Z"})]
    row = store.device(key())
    assert row is not None
    assert row.silent_at is None


def test_cycles_in_vain_do_not_add_up_over_an_answer(store: Store) -> None:
    store.keep([sample()])
    for number in range(6):
        store.note_failures({key(): "no answer"})
        if number % 2:
            store.keep([sample(hours=number)])
    assert told(store, "device_silent") == []


def test_a_device_whose_address_a_known_one_has_taken_becomes_silent_too(store: Store) -> None:
    store.keep([sample(1, ip="10.0.0.1"), sample(2, ip="10.0.0.2")])
    store.keep([sample(2, ip="10.0.0.1", hours=1)])
    for _ in range(SILENT_AFTER_CYCLES):
        store.note_failures({}, everyone=True)
    assert [device for _, device, _ in told(store, "device_silent")] == [key(1)]


def test_a_replaced_device_is_not_missed(store: Store) -> None:
    store.keep([sample(1, ip="10.0.0.1")])
    store.keep([sample(2, ip="10.0.0.1", hours=1)])
    for _ in range(SILENT_AFTER_CYCLES):
        store.note_failures({}, everyone=True)
    assert told(store, "device_silent") == []


# One key at two addresses in one scan


def scanned(store: Store, reading: Reading, scan: str = "s1") -> None:
    store.keep([reading], {reading.device.key: {"address": reading.device.ip, "scan": scan}})


def with_pages(reading: Reading, pages: int, **device: str) -> Reading:
    meter = Meter(value=pages, unit="impressions", source="x")
    return reading.model_copy(update={"meters": {"total": meter}, "device": reading.device.model_copy(update=device)})


S1, WLAN = "serial:HP:S1", "00:1b:a9:0b:a7:53"


def test_one_device_with_two_addresses_is_told_once_and_read_at_the_first(store: Store, path: Path) -> None:
    wired, wireless = seen(S1, mac=MAC), seen(S1, ip="10.0.0.2", mac=WLAN, hours=0.01)
    for number in range(3):
        hours = timedelta(hours=number)
        pair = [each.model_copy(update={"taken_at": each.taken_at + hours}) for each in (wired, wireless)]
        for reading in pair if number != 1 else reversed(pair):
            scanned(store, with_pages(reading, 900 + number), f"s{number}")
    [row] = store.devices()
    assert (row.key, row.address) == (S1, "10.0.0.1")
    assert addresses(path, S1) == ["10.0.0.1"]
    assert len(Reader(path).readings(S1)) == 3
    second = ("device_second_address", S1, {"from": "10.0.0.1", "to": "10.0.0.2"})
    assert told(store) == [("device_new", S1, {"address": "10.0.0.1"}), second]


def test_a_device_that_answers_at_its_second_address_alone_has_moved(store: Store) -> None:
    scanned(store, seen(S1, mac=MAC))
    scanned(store, seen(S1, ip="10.0.0.2", mac=WLAN))
    store.note_failures({S1: "no answer"})
    scanned(store, seen(S1, ip="10.0.0.2", mac=WLAN, hours=24), "s2")
    [row] = store.devices()
    assert (row.key, row.address) == (S1, "10.0.0.2")
    assert told(store, "device_moved") == [("device_moved", S1, {"from": "10.0.0.1", "to": "10.0.0.2"})]


@pytest.mark.parametrize(
    ("other", "own"),
    [
        (with_pages(seen(S1, ip="10.0.0.2", mac=WLAN), 99000), "mac:001ba90ba753"),
        (with_pages(seen(S1, ip="10.0.0.2", mac=WLAN), 1000, model="OfficeJet"), "mac:001ba90ba753"),
        (with_pages(seen(S1, ip="10.0.0.2"), 1000, firmware="2.0"), "address:10.0.0.2"),
    ],
)
def test_two_devices_that_tell_one_serial_number_stay_two(store: Store, path: Path, other: Reading, own: str) -> None:
    first = with_pages(seen(S1, mac=MAC), 1000, firmware="1.0")
    for scan in ("s1", "s2", "s3"):
        for reading in (first, other) if scan != "s2" else (other, first):
            scanned(store, reading, scan)
    assert {row.key: row.address for row in store.devices()} == {S1: "10.0.0.1", own: "10.0.0.2"}
    assert [len(Reader(path).readings(each)) for each in (S1, own)] == [3, 3]
    shared = ("serial_number_shared", own, {"address": "10.0.0.2", "from": "10.0.0.1", "by": S1})
    assert [each for each in told(store) if each[0] != "device_new"] == [shared]
    assert len(told(store, "device_new")) == 2


def test_a_device_that_is_found_elsewhere_by_another_scan_has_moved(store: Store) -> None:
    scanned(store, seen(S1, mac=MAC), "s1")
    scanned(store, seen(S1, ip="10.0.0.2", mac=MAC), "s2")
    assert [kind for kind, _, _ in told(store)] == ["device_new", "device_moved"]


def test_of_two_devices_with_one_serial_number_each_may_tell_its_own_later(store: Store) -> None:
    scanned(store, with_pages(seen(S1, mac=MAC), 10))
    scanned(store, with_pages(seen(S1, ip="10.0.0.2", mac=WLAN), 99000))
    scanned(store, with_pages(seen("serial:HP:S2", ip="10.0.0.2", mac=WLAN, hours=1), 99000), "s2")
    assert {row.key: row.address for row in store.devices()} == {S1: "10.0.0.1", "serial:HP:S2": "10.0.0.2"}
    assert [detail["former_key"] for _, _, detail in told(store, "device_identified")] == ["mac:001ba90ba753"]


def test_a_reading_that_tells_less_at_a_second_address_makes_no_device(store: Store) -> None:
    scanned(store, seen(S1, mac=MAC))
    scanned(store, seen(S1, ip="10.0.0.2", mac=WLAN))
    scanned(store, seen("address:10.0.0.2", ip="10.0.0.2", model=None, hours=1), "s2")
    [row] = store.devices()
    assert (row.key, row.address, row.reading.device.serial) == (S1, "10.0.0.1", "S1")


def test_a_second_address_that_another_device_has_taken_is_none_any_more(store: Store) -> None:
    scanned(store, seen(S1, mac=MAC))
    scanned(store, seen(S1, ip="10.0.0.2", mac=WLAN))
    scanned(store, seen("serial:HP:S2", ip="10.0.0.2", hours=1), "s2")
    scanned(store, seen("address:10.0.0.2", ip="10.0.0.2", hours=2), "s3")
    assert {row.key: row.address for row in store.devices()} == {S1: "10.0.0.1", "serial:HP:S2": "10.0.0.2"}
    assert store.device("serial:HP:S2") is not None
