"""`dca read`: read the printers at addresses or host names, or from recordings; nothing is stored, nothing is sent."""

import argparse
import asyncio
from pathlib import Path

from appliance.commands.asking import (
    Gathered,
    definitions_here,
    log_to_stderr,
    options_of,
    print_failures,
    print_json,
    print_stats,
    settings_here,
    targets_of,
)
from appliance.commands.recorded_device import read_recorded
from appliance.commands.sheets import device_sheet
from appliance.commands.tables import writes_unicode
from appliance.common.clock import utc_now
from appliance.common.errors import SettingsError, SnmpError
from appliance.service.scans.devices import Known
from appliance.service.scans.hosts import resolve_host
from appliance.service.scans.options import ScanOptions
from appliance.service.scans.progress import Scan
from appliance.service.scans.scan_run import ScanRun
from appliance.settings.ipp_targets import is_ipp_target
from appliance.settings.model import Settings


def run(arguments: argparse.Namespace) -> int:
    """Read and print; 0 when every host could be read as a whole."""
    if not (arguments.hosts or arguments.recording):
        raise SettingsError("There is nothing to read: name a host, or a recording with --recording FILE.")
    if arguments.hosts and arguments.recording:
        raise SettingsError("Read either hosts or recordings: a recording is read without asking any device.")
    if arguments.recording:
        log_to_stderr()
        gathered = asyncio.run(_replay([Path(file) for file in arguments.recording], http=not arguments.no_http))
        _print(gathered, arguments)
        return 0
    settings = settings_here()
    options = options_of(arguments, settings)
    for host in arguments.hosts:
        if targets_of([host], settings).count() > 1:
            raise SettingsError(f"{host!r} is more than one device. Use `dca scan` for networks and ranges.")
    gathered = asyncio.run(_read(arguments.hosts, options, settings))
    _print(gathered, arguments)
    return 1 if gathered.failures() else 0


def _print(gathered: Gathered, arguments: argparse.Namespace) -> None:
    if arguments.json:
        print_json(gathered, arguments, {})
    elif gathered.readings:
        unicode = writes_unicode()
        print("\n\n".join(device_sheet(reading, unicode=unicode) for reading in gathered.sorted_readings()))
    print_failures(gathered)
    if arguments.stats and not arguments.json:
        print_stats(gathered.stats())


async def _replay(files: list[Path], *, http: bool) -> Gathered:
    """Return the readings of recorded devices. Raises RecordingError, WebRecordingError."""
    gathered = Gathered(Scan("read"))
    definitions = definitions_here()
    for file in files:
        gathered.readings.append(await read_recorded(file, taken_at=utc_now(), definitions=definitions, http=http))
    return gathered


async def _read(hosts: list[str], options: ScanOptions, settings: Settings) -> Gathered:
    gathered = Gathered(Scan("read"))
    devices: dict[str, Known] = {}
    for host in hosts:
        if is_ipp_target(host):
            targets = targets_of([host], settings)
            await targets.resolve()
            for uri, reason in targets.unresolved:
                gathered.scan.fail(uri, reason)
            devices |= {printer.target.uri: Known.named(printer) for printer in targets.printers()}
            continue
        try:
            address = await resolve_host(host)
            if address not in targets_of([address], settings):
                raise SettingsError(f"{host} is never contacted: the settings of this site exclude it (scan.exclude).")
        except (SnmpError, SettingsError) as error:
            gathered.scan.fail(host, str(error))
            continue
        devices.setdefault(address, Known(address, options.port, hostname=host if host != address else None, by_ipp=True))
    await ScanRun(options, gathered.scan, gathered.keep).read(list(devices.values()))
    return gathered
