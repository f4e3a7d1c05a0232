"""Runs a real appliance, with commands of the test in place of the engine and of those that install versions."""

import asyncio
import json
import sys
from pathlib import Path

from appliance.common.log import configure_logging
from appliance.common.paths import Paths
from appliance.process.lock import MainLock
from updater.supervisor.plan import PlanTimes, Retries
from updater.supervisor.supervisor import Supervisor, SupervisorOptions
from updater.supervisor.update_scheduler import ImageCommands
from updater.supervisor.updates import UpdateCommands


def main() -> int:
    paths = Paths.from_environment()
    paths.prepare()
    configure_logging("supervisor", folder=paths.logs)
    plan = json.loads(Path(sys.argv[1]).read_text())

    async def run() -> int:
        options = SupervisorOptions(
            commands=UpdateCommands(probe=plan["engine"], images=ImageCommands(install=plan["install"], tidy=["true"])),
            times=PlanTimes(install_wait_seconds=0.0, install_retries=Retries(first=3600.0)),
        )
        supervisor = Supervisor(paths, options)
        supervisor.load_components()
        return await supervisor.run()

    with MainLock(paths.main_lock):
        return asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
