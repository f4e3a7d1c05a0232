"""`dca read`: read the printers at addresses or host names; nothing is stored, nothing is sent."""

import argparse
import asyncio

from appliance.commands.asking import (
    Gathered,
    options_of,
    print_failures,
    print_json,
    print_stats,
    settings_here,
    targets_of,
)
from appliance.commands.sheets import device_sheet
from appliance.commands.tables import writes_unicode
from appliance.errors import SettingsError, SnmpError
from appliance.service.cycle import Cycle, Known
from appliance.service.hosts import resolve_host
from appliance.service.options import CycleOptions
from appliance.service.scan import Scan
from appliance.settings.model import Settings


def run(arguments: argparse.Namespace) -> int:
    """Read and print; 0 when every host could be read."""
    settings = settings_here()
    options = options_of(arguments, settings)
    for host in arguments.hosts:
        if targets_of([host], settings).count() > 1:
            raise SettingsError(f"{host!r} is more than one device. Use `dca scan` for networks and ranges.")
    gathered = asyncio.run(_read(arguments.hosts, options, settings))
    if arguments.json:
        print_json(gathered, arguments, {})
    elif gathered.readings:
        unicode = writes_unicode()
        print("\n\n".join(device_sheet(reading, unicode=unicode) for reading in gathered.sorted_readings()))
    print_failures(gathered)
    if arguments.stats and not arguments.json:
        print_stats(gathered.stats())
    return 1 if gathered.scan.failures else 0


async def _read(hosts: list[str], options: CycleOptions, settings: Settings) -> Gathered:
    gathered = Gathered(Scan("read"))
    devices: dict[str, Known] = {}
    for host in hosts:
        try:
            address = await resolve_host(host)
            if address not in targets_of([address], settings):
                raise SettingsError(f"{host} is never contacted: the settings of this site exclude it (scan.exclude).")
        except (SnmpError, SettingsError) as error:
            gathered.scan.fail(host, str(error))
            continue
        devices.setdefault(address, Known(address, options.port, hostname=host if host != address else None))
    await Cycle(options, gathered.scan, gathered.keep).read(list(devices.values()))
    return gathered
