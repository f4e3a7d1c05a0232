"""The process of the collector: lock, signals, readiness and heartbeat around `appliance.service.collector.collector`."""

import asyncio
import logging
import os
import signal
import sys
import time

import structlog

from appliance.common.clock import site_zone
from appliance.common.errors import DcaError, SettingsError
from appliance.common.log import configure_logging
from appliance.common.paths import Paths
from appliance.process.control import serve_control
from appliance.process.lock import MainLock
from appliance.process.notify import heartbeat_interval, notify
from appliance.service.collector.collector import Collector
from appliance.service.collector.control_api import control_application
from appliance.settings.store import SettingsStore

STATUS_SECONDS = 2.0
STOP_SECONDS = 4.0

log = structlog.get_logger()


def main() -> int:
    """Run the collector until SIGTERM or SIGINT; return 0, or 1 after one sentence when it cannot start."""
    zone = site_zone()
    environment = dict(os.environ)
    # `schedule` counts in local time; in UTC no hour comes twice.
    os.environ["TZ"] = "UTC"
    time.tzset()
    paths = Paths.from_environment()
    try:
        paths.prepare()
        with MainLock(paths.collector_lock):
            configure_logging("collector", level=_log_level(), folder=paths.logs)
            settings_store = SettingsStore(paths.settings, environment)
            collector = Collector(paths, settings_store, settings_store.effective().settings, zone)
            asyncio.run(_serve(collector, paths))
    except DcaError as error:
        print(f"dca: {error}", file=sys.stderr)
        return 1
    return 0


def _log_level() -> str:
    level = (os.environ.get("DCA_LOG_LEVEL") or "INFO").upper()
    if level not in logging.getLevelNamesMapping():
        raise SettingsError(f"DCA_LOG_LEVEL is {level!r}. Use DEBUG, INFO, WARNING or ERROR.")
    return level


async def _serve(collector: Collector, paths: Paths) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await collector.start()
    server = serve_control(control_application(collector), paths.collector_socket)
    beats = [asyncio.create_task(_heartbeat()), asyncio.create_task(_tell_status(collector))]
    notify(READY=1)
    log.info("the collector serves", socket=str(paths.collector_socket))
    await stopped.wait()
    notify(STOPPING=1)
    log.info("the collector ends")
    server.stop()
    for task in beats:
        task.cancel()
    try:
        await asyncio.wait_for(collector.stop(), STOP_SECONDS)
    except TimeoutError:
        log.error("the collector did not end in time; what it has written is safe")
    await server.close_all_connections()
    paths.collector_socket.unlink(missing_ok=True)


async def _heartbeat() -> None:
    """Tell the supervisor that the event loop turns; from the loop itself, so that a hung one falls silent."""
    interval = heartbeat_interval()
    while interval is not None:
        notify(WATCHDOG=1)
        await asyncio.sleep(interval)


async def _tell_status(collector: Collector) -> None:
    """Tell the supervisor in a few words what goes on, when that changes."""
    told = ""
    while True:
        if (text := collector.summary()) != told:
            told = text
            notify(STATUS=text)
        await asyncio.sleep(STATUS_SECONDS)
