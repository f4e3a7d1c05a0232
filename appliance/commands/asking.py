"""What `dca scan` and `dca read` have in common: how to ask, and how to print what was answered."""

import argparse
import ipaddress
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from appliance.commands.credentials import credentials_of_command
from appliance.commands.tables import table
from appliance.common.errors import SettingsError
from appliance.common.log import configure_logging
from appliance.common.paths import Paths
from appliance.common.plain import plain, plain_json
from appliance.discovery.targets import TargetSet
from appliance.reading.definitions.definitions import Definitions, builtin_definitions
from appliance.report import Reading
from appliance.service.scans.devices import DeviceAnswer
from appliance.service.scans.options import ScanOptions
from appliance.service.scans.progress import Scan
from appliance.settings.environment import environment_layer, environment_notes
from appliance.settings.layers import resolve
from appliance.settings.model import Settings
from appliance.settings.store import SettingsStore
from appliance.snmp.client import check_snmp_port

COUNTS = ("packets_sent", "packets_received", "bytes_sent", "bytes_received")


def log_to_stderr() -> None:
    """Send the log to standard error: standard output is for what was asked."""
    configure_logging("cli", level="ERROR", stream=sys.stderr)


def settings_here() -> Settings:
    """Return the settings of the appliance on this machine; without a data folder those of the environment and the defaults.

    Logs go to standard error from here on: standard output is for what was asked.
    """
    log_to_stderr()
    file = Paths.from_environment().settings
    if os.access(file, os.R_OK | os.W_OK):
        effective = SettingsStore(file).effective()
    else:
        values, variables = environment_layer()
        effective = replace(resolve({}, {}, values, variables), notes=environment_notes())
    for note in effective.notes:
        print(f"dca: {note}", file=sys.stderr)
    return effective.settings


def definitions_here() -> Definitions:
    """Return the vendor definitions in force on this machine; what is wrong with those of the site is told on standard error."""
    definitions = builtin_definitions().with_folder(Paths.from_environment().definitions)
    for problem in definitions.problems:
        print(f"dca: {problem} It is left out.", file=sys.stderr)
    return definitions


def targets_of(words: Sequence[str], settings: Settings) -> TargetSet:
    """Return the addresses that were asked for. Raises SettingsError, also for those the site does not let anyone contact."""
    try:
        return TargetSet.parse(words, settings.scan.exclude, settings.guardrails.networks)
    except SettingsError as error:
        raise SettingsError(str(error).removeprefix("scan.targets: ")) from error


def options_of(arguments: argparse.Namespace, settings: Settings) -> ScanOptions:
    """Return how to ask: what the command line says, else the settings. Raises SettingsError."""
    options = replace(ScanOptions.from_settings(settings), definitions=definitions_here())
    credentials = credentials_of_command(arguments)
    if credentials:
        options = replace(options, credentials=credentials)
    if arguments.snmp_port is not None:
        options = replace(options, port=check_snmp_port(arguments.snmp_port))
    if arguments.no_http:
        options = replace(options, http=False)
    rate = getattr(arguments, "rate", None)
    if rate is not None:
        ceiling = settings.guardrails.packets_per_second
        if not 1 <= rate <= ceiling:
            raise SettingsError(
                f"--rate {rate} cannot be used: write a number from 1 to {ceiling} (guardrails.packets_per_second)."
            )
        options = replace(options, packets_per_second=rate)
    return options


@dataclass(slots=True)
class Gathered:
    """The readings of one command, and what they cost."""

    scan: Scan
    readings: list[Reading] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    cpu_began: float = field(default_factory=time.process_time)

    async def keep(self, answer: DeviceAnswer) -> None:
        """Take a reading."""
        self.readings.append(answer.reading)

    def stats(self) -> dict[str, Any]:
        """Return packets and bytes (IP level) of the scan, in all and by purpose, and the seconds since it began."""
        return {
            **self.scan.traffic.total().as_json(),
            "traffic": self.scan.traffic.as_json(),
            "seconds": round(time.monotonic() - self.began, 3),
            "cpu_seconds": round(time.process_time() - self.cpu_began, 3),
        }

    def failures(self) -> list[dict[str, str]]:
        """Return what could not be read, or not as a whole, in the order of the addresses."""
        failures = sorted([*self.scan.failures, *self.scan.partial], key=lambda failure: _address_order(failure.address))
        return [{"address": failure.address, "reason": failure.reason} for failure in failures]

    def sorted_readings(self) -> list[Reading]:
        """Return the readings in the order of the addresses."""
        return sorted(self.readings, key=lambda reading: _address_order(reading.device.ip or ""))


def _address_order(address: str) -> tuple[int, ...]:
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return (9,)
    return (number.version, int(number))


def print_json(gathered: Gathered, arguments: argparse.Namespace, extra: dict[str, Any]) -> None:
    """Print readings and failures as JSON, with the statistics when they were asked for."""
    document: dict[str, Any] = {
        "readings": [reading.model_dump(mode="json") for reading in gathered.sorted_readings()],
        "failures": gathered.failures(),
        **extra,
    }
    if arguments.stats:
        document["stats"] = gathered.stats()
    print(plain_json(document, indent=2))


def print_failures(gathered: Gathered) -> None:
    """Print one line on standard error for each device that could not be read."""
    for failure in gathered.failures():
        told = failure["address"] in failure["reason"]
        print(plain(failure["reason"] if told else f"{failure['address']}: {failure['reason']}"), file=sys.stderr)


def print_stats(stats: dict[str, Any]) -> None:
    """Print the statistics on standard error."""
    rows = [[purpose, *(str(counts[name]) for name in COUNTS)] for purpose, counts in stats["traffic"].items()]
    if rows:
        headings = ("PURPOSE", *(name.upper().replace("_", " ") for name in COUNTS))
        print(table(rows, headings, frozenset(range(1, len(headings)))), file=sys.stderr)
    print(
        f"{stats['packets_sent']} packets ({stats['bytes_sent']} bytes) sent, {stats['packets_received']} packets "
        f"({stats['bytes_received']} bytes) received, {stats['seconds']} s, {stats['cpu_seconds']} CPU s",
        file=sys.stderr,
    )
