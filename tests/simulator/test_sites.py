"""Simulated sites by themselves: the same again with the same seed, nothing of the future, an outbox that keeps its word."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.common.clock import utc_now
from appliance.report import Reading
from appliance.transmission.interface import Uuid7Maker
from simulator.models import load_models
from simulator.sites.count import count_newest
from simulator.sites.outbox import Entry, MemoryOutbox
from simulator.sites.printers import History, Printer, moment_of
from simulator.sites.scenario import Scenario, SiteTime, troubles
from simulator.sites.truth_file import Truth
from tests.children import run_child

MODELS = load_models()
START = 1_796_000_000
HOUR = 3600


def printer(device: int = 0) -> Printer:
    return Printer(MODELS, device, device, 0)


def render(entry: Entry) -> Reading:
    return printer(entry.device).reading(History(), entry.at - START, moment_of(entry.taken_at))


def taken(device: int, hours: int) -> Entry:
    return Entry(device, START + hours * HOUR, START + hours * HOUR)


@pytest.fixture
def outbox() -> MemoryOutbox:
    """Return an outbox in which a first reading of two devices waits."""
    made = MemoryOutbox(render, Uuid7Maker().make)
    made.add(taken(0, 1))
    made.add(taken(1, 1))
    return made


def sent(outbox: MemoryOutbox, **answer: bool) -> tuple[int, int]:
    """Send the next batch; return how many readings went in full and as changes."""
    batch = outbox.next_batch(1000)
    assert batch is not None
    outbox.acknowledge(batch.id, rebuilds=answer.get("rebuilds", True), needed=())
    return len(batch.readings), len(batch.changes)


def test_a_batch_is_the_same_until_it_is_acknowledged(outbox: MemoryOutbox) -> None:
    first = outbox.next_batch(1000)
    outbox.add(taken(0, 2))
    again = outbox.next_batch(1000)

    assert first is not None
    assert first == again
    outbox.acknowledge(first.id, rebuilds=True, needed=())
    assert outbox.readings == 1


def test_later_readings_go_as_changes_and_one_a_day_in_full(outbox: MemoryOutbox) -> None:
    assert sent(outbox) == (2, 0)
    outbox.add(taken(0, 2))
    assert sent(outbox) == (0, 1)
    outbox.add(taken(0, 26))
    assert sent(outbox) == (1, 0)


def test_what_is_needed_waits_again_and_goes_in_full(outbox: MemoryOutbox) -> None:
    sent(outbox)
    outbox.add(taken(0, 2))
    outbox.add(taken(1, 2))
    batch = outbox.next_batch(1000)
    assert batch is not None

    outbox.acknowledge(batch.id, rebuilds=True, needed=[printer(0).key])

    assert [entry.device for entry in outbox.entries()] == [0]
    assert sent(outbox) == (1, 0)


def test_a_server_without_changes_gets_full_readings_under_another_id(outbox: MemoryOutbox) -> None:
    sent(outbox)
    outbox.add(taken(0, 2))
    batch = outbox.next_batch(1000)
    assert batch is not None

    outbox.send_in_full(batch.id)
    again = outbox.next_batch(1000)

    assert again is not None
    assert again.id != batch.id
    assert (len(again.readings), len(again.changes)) == (1, 0)


def test_what_is_refused_is_split_until_one_reading_is_set_aside(outbox: MemoryOutbox) -> None:
    refused = printer(1).key
    while batch := outbox.next_batch(1000):
        if any(refused in reading for reading in batch.readings):
            outbox.reject(batch.id, "no")
        else:
            outbox.acknowledge(batch.id, rebuilds=True, needed=())

    assert outbox.set_aside == 1
    assert outbox.empty


def test_trouble_is_the_same_with_the_same_seed_and_another_with_another() -> None:
    scenario = Scenario(count=1, devices=50, disturbed=1.0, resets=0.5, moves=0.5)
    found = troubles(scenario, 3, START, 0)

    assert found == troubles(scenario, 3, START, 0)
    assert found != troubles(Scenario(count=1, devices=50, seed=1, disturbed=1.0, resets=0.5, moves=0.5), 3, START, 0)
    assert all(START <= trouble.at <= START + scenario.period for trouble in found)


def test_a_run_at_a_pace_ends_at_the_present() -> None:
    times = SiteTime(Scenario(count=1, devices=1, minutes=0.0005, pace=10_000))

    assert times.now() < time.time() - 100
    time.sleep(0.05)
    assert times.over
    assert abs(times.now() - time.time()) < 30


def test_a_counter_goes_back_and_a_device_moves_at_their_moment() -> None:
    one = next(made for made in map(printer, range(50)) if made.total(History(), 4.0 * HOUR) > made.total(History(), 0.0))
    device = one._device
    history = History(resets={device: [2.0 * HOUR]}, moves={device: [3.0 * HOUR]})

    assert one.total(history, 2.0 * HOUR) == one.total(History(), 2.0 * HOUR)
    assert one.total(history, 2.0 * HOUR + 1) <= 1
    later = one.reading(history, 4.0 * HOUR, utc_now() - timedelta(hours=1))
    assert 0 < later.meters["total"].value < one.total(History(), 4.0 * HOUR)
    assert later.device.key == one.key
    assert later.device.ip != one.place(history, 3.0 * HOUR)


def test_all_models_make_readings_and_no_two_printers_share_a_key() -> None:
    made = [Printer(MODELS, number, number % 50, 7) for number in range(200)]

    assert len({each.key for each in made}) == len(made)
    for each in made[: len(MODELS)]:
        reading = each.reading(History(), HOUR, utc_now())
        assert reading.meters["total"].value == each.total(History(), HOUR)
        assert reading.supplies or each.key.startswith("serial:ZEBRA")


@pytest.mark.parametrize("content", ["dca_s3cret\ndca_s3cret\ndca_s3cret\n", "s3cret text", "s3cret\x01", "", "\n"])
def test_a_file_that_is_no_token_is_named_and_not_shown(tmp_path: Path, content: str) -> None:
    file = tmp_path / "names.txt"
    file.write_text(content)
    words: list[str | Path] = ["sites-check", "--truth", "none", "--url", "http://127.0.0.1:1", "--token-file", file]
    finished = run_child(["python", "-m", "simulator", *words])
    assert finished.returncode == 1
    assert f"--token-file names {file}, which is no file of a token" in finished.stderr
    assert "s3cret" not in finished.stderr


def test_what_the_check_found_does_nothing_to_the_terminal() -> None:
    counted = count_newest(Truth(), [(("site", "serial:\x1b[2J\u202e", 1), 5)])
    assert counted.strange == 1
    assert str(counted).replace("\n", "").isprintable()
    assert "serial:\\x1b[2J\\u202e" in str(counted)
