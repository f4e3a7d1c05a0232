"""`dca-simulator sites` and `sites-check`: the options, and what they start. Loads nothing of the appliance before it runs."""

import argparse
import json
import resource
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from simulator.errors import SimulatorError
from simulator.sites.scenario import Scenario

if TYPE_CHECKING:
    from simulator.sites.fleet import SimulatedFleet

Subcommands = Any
"""What argparse returns from `add_subparsers`; its type has no public name."""


def add_commands(commands: Subcommands) -> None:
    """Add both commands."""
    sites = commands.add_parser("sites", help="act as many enrolled appliances, until Ctrl-C or for --minutes")
    sites.add_argument("--count", type=_count, default=10, metavar="N", help="sites (default: %(default)s)")
    sites.add_argument("--devices", type=_count, default=10, metavar="M", help="devices of each site (default: %(default)s)")
    sites.add_argument(
        "--enrolment", type=Path, required=True, metavar="FILE", help="enrolment strings, one a line, one for each site"
    )
    sites.add_argument("--url", metavar="URL", help="address of the hosting server, in place of that in the strings")
    sites.add_argument("--ca-file", type=Path, metavar="FILE", help="certificate authority of the hosting server, in PEM form")
    sites.add_argument("--truth", type=Path, metavar="FILE", help="write what the sites made here, for sites-check")
    sites.add_argument("--seed", type=int, default=0, help="what chance starts from (default: %(default)s)")
    _times(sites)
    _trouble(sites)
    sites.add_argument("--json", action="store_true", help="print the figures at the end as JSON")
    sites.set_defaults(run=_sites)
    check = commands.add_parser("sites-check", help="compare what sites made with what the hosting server has of each device")
    check.add_argument("--truth", type=Path, required=True, metavar="FILE", help="what `sites --truth` wrote")
    check.add_argument("--url", required=True, metavar="URL", help="address of the hosting server")
    check.add_argument("--ca-file", type=Path, metavar="FILE", help="its certificate authority, in PEM form")
    check.add_argument("--token-file", type=Path, required=True, metavar="FILE", help="a token of `dca-hosting token create`")
    check.set_defaults(run=_check)


def _times(sites: argparse.ArgumentParser) -> None:
    sites.add_argument("--minutes", type=_positive, metavar="MIN", help="real minutes after which it ends")
    sites.add_argument(
        "--pace", type=_positive, default=1.0, metavar="P", help="seconds of the sites in a real one; needs --minutes (default: 1)"
    )
    sites.add_argument("--read", type=_positive, default=60.0, metavar="MIN", help="minutes of a site between readings (60)")
    sites.add_argument(
        "--check-in", type=_positive, metavar="SECONDS", help="seconds of a site between check-ins (default: as the server tells)"
    )
    sites.add_argument(
        "--since", type=_moment, metavar="DATE", help="when the printers began to print, to go on with a fleet (default: now)"
    )
    sites.add_argument(
        "--drain", type=_not_negative, default=60.0, metavar="SECONDS", help="for sending what waits at the end (default: 60)"
    )


def _trouble(sites: argparse.ArgumentParser) -> None:
    for name, default, what in (
        ("disturbed", 0.2, "of the sites that have outages, restarts and wrong clocks"),
        ("resets", 0.01, "of the devices whose counters go back"),
        ("moves", 0.01, "of the devices that move"),
        ("refusing", 0.1, "of the sites that refuse a configuration, and at which a release fails"),
    ):
        sites.add_argument(f"--{name}", type=_share, default=default, metavar="SHARE", help=f"share {what} (default: {default})")
    sites.add_argument("--release", metavar="VERSION", help="the version sites say they install when a rollout is offered to them")


def _sites(options: argparse.Namespace) -> int:
    from simulator.sites.fleet import SimulatedFleet, Way, show_on  # noqa: PLC0415 - loads the client of the appliance
    from simulator.sites.truth_file import TruthWriter  # noqa: PLC0415

    scenario = _scenario(options)
    strings = [line.strip() for line in _text(options.enrolment, "--enrolment").splitlines() if line.strip()]
    if options.ca_file:
        _text(options.ca_file, "--ca-file")
    way = Way(options.url, str(options.ca_file or ""))
    progress = show_on(sys.stderr.isatty())
    with TruthWriter(options.truth) as truth:
        fleet = SimulatedFleet(scenario, strings, truth, way)
        _stop_at_signals(fleet)
        fleet.enrol(progress)
        if fleet.stopped:
            raise SimulatorError("It was ended before all sites were enrolled. The same strings work again with the same --seed.")
        print(f"{scenario.count} sites with {scenario.devices} devices each are enrolled", flush=True)
        fleet.run(progress)
        fleet.drain(options.drain, progress)
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    figures = fleet.statistics.as_json() | {"waiting": fleet.waiting, "memory_mb": memory}
    print(json.dumps(figures) if options.json else f"{fleet.statistics.line()}; {fleet.waiting:,} readings still wait")
    return 0


def _scenario(options: argparse.Namespace) -> Scenario:
    if options.pace != 1 and options.minutes is None:
        raise SimulatorError(
            "--pace needs --minutes: a run at another pace ends at the present, so that no reading is of the future."
        )
    scenario = Scenario(
        count=options.count,
        devices=options.devices,
        seed=options.seed,
        pace=options.pace,
        minutes=options.minutes,
        since=options.since,
        read_seconds=options.read * 60,
        check_in_seconds=options.check_in,
        disturbed=options.disturbed,
        resets=options.resets,
        moves=options.moves,
        refusing=options.refusing,
        release=options.release,
    )
    begins = datetime.now(UTC).timestamp() - (scenario.period if scenario.minutes else 0.0)
    if scenario.since is not None and scenario.since > begins:
        raise SimulatorError("--since is after the first moment of this run. Name an earlier date.")
    return scenario


def _stop_at_signals(fleet: "SimulatedFleet") -> None:
    """End the run in good order at the first Ctrl-C or SIGTERM, and the sending of what waits at the second."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        fleet.stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _check(options: argparse.Namespace) -> int:
    from simulator.demo.hosting_api import HostingApi  # noqa: PLC0415 - of no use to the other commands
    from simulator.sites.count import count_newest  # noqa: PLC0415
    from simulator.sites.truth_file import read_truth  # noqa: PLC0415

    api = HostingApi(options.url, options.ca_file, _token(options.token_file))
    truth = read_truth(options.truth)
    counted = count_newest(truth, _newest(api.rows()))
    print(f"Of each device the newest reading: {counted}")
    return 0 if counted.right else 1


def _newest(rows: Iterator[dict[str, Any]]) -> "Iterator[tuple[tuple[str, str, int], int | None]]":
    for row in rows:
        reading = row["reading"]
        taken_at = int(datetime.fromisoformat(reading["taken_at"]).timestamp())
        total = reading["meters"].get("total", {}).get("value")
        yield (row["site_id"], reading["device"]["key"], taken_at), total


def _token(file: Path) -> str:
    """Return the one line of a token file. Raises SimulatorError, which has nothing of its content: it may be any file."""
    lines = _text(file, "--token-file").split("\n")
    text = lines[0].strip()
    if any(line.strip() for line in lines[1:]) or not text or not text.isascii() or not text.isprintable() or " " in text:
        told = f"--token-file names {file}, which is no file of a token: it has one line, as `dca-hosting token create` prints it."
        raise SimulatorError(told)
    return text


def _text(file: Path, option: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SimulatorError(f"{option} names {file}, which cannot be read: {reason}.") from error


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is no number: write one from 1 to 1000000")
    return int(text)


def _number(text: str, least: float, most: float, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{text} is no {what}")
    return number


def _positive(text: str) -> float:
    return _number(text, 0.001, 1e6, "number above 0")


def _not_negative(text: str) -> float:
    return _number(text, 0.0, 1e6, "number from 0 on")


def _share(text: str) -> float:
    return _number(text, 0.0, 1.0, "share: write a number from 0 to 1")


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no date: write one like 2026-11-22") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
