"""`dca scan`: find printers and read them; nothing is stored, nothing is sent."""

import argparse
import asyncio
import sys
from contextlib import suppress
from datetime import datetime

from appliance.commands.asking import (
    Gathered,
    options_of,
    print_failures,
    print_json,
    print_stats,
    settings_here,
    targets_of,
)
from appliance.commands.sheets import device_table
from appliance.commands.tables import writes_unicode
from appliance.common.clock import site_zone
from appliance.discovery.targets import TargetSet
from appliance.service.scans.options import ScanOptions
from appliance.service.scans.progress import Scan
from appliance.service.scans.scan_run import ScanRun
from appliance.settings.quiet_times import quiet_until, time_of_week

PROGRESS_SECONDS = 0.5


def run(arguments: argparse.Namespace) -> int:
    """Scan and print; 0 when something was found and all of it could be read."""
    settings = settings_here()
    options = options_of(arguments, settings)
    targets = targets_of(arguments.targets, settings)
    until = quiet_until(settings.scan.quiet_times, datetime.now(site_zone()))
    if until:
        note = (
            f"it is quiet time until {time_of_week(until)} (scan.quiet_times); a scan that a person asks for is made all the same."
        )
        print(f"dca: {note}", file=sys.stderr)
    gathered = asyncio.run(_scan(targets, options, thorough=arguments.thorough))
    if arguments.json:
        print_json(gathered, arguments, {"scan": gathered.scan.as_json()})
    elif gathered.readings:
        print(device_table(gathered.sorted_readings(), unicode=writes_unicode()))
    print_failures(gathered)
    if not gathered.readings and not gathered.failures():
        print(f"dca: {gathered.scan.nothing_found()}", file=sys.stderr)
    if silent := gathered.scan.left_silent():
        print(f"dca: {silent}; --thorough asks them too.", file=sys.stderr)
    if arguments.stats and not arguments.json:
        print_stats(gathered.stats())
    return 0 if gathered.readings and not gathered.failures() else 1


async def _scan(targets: TargetSet, options: ScanOptions, *, thorough: bool) -> Gathered:
    gathered = Gathered(Scan("sweep"))
    progress = asyncio.create_task(_show_progress(gathered.scan)) if sys.stderr.isatty() else None
    try:
        await ScanRun(options, gathered.scan, gathered.keep).sweep(targets, thorough=thorough)
    finally:
        if progress:
            progress.cancel()
            with suppress(asyncio.CancelledError):
                await progress
    return gathered


async def _show_progress(scan: Scan) -> None:
    """Keep one line on the terminal up to date; wipe it at the end."""
    try:
        while True:
            rest = scan.sweep.remaining_seconds
            left = f", {rest:.0f} s left" if rest else ""
            sys.stderr.write(f"\r\x1b[K{scan.text()}{left}")
            sys.stderr.flush()
            await asyncio.sleep(PROGRESS_SECONDS)
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
