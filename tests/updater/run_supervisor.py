"""Runs the real supervisor with the components of a test: the plan is a JSON file."""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.common.log import configure_logging
from appliance.common.paths import Paths
from appliance.process.lock import MainLock
from appliance.settings.model import Settings
from updater.checks import Check
from updater.checks.deep import Deep
from updater.checks.disk_space import DiskSpace
from updater.checks.exited import Exited
from updater.checks.heartbeat import Heartbeat
from updater.checks.memory import Memory
from updater.checks.replacement import Replacement
from updater.checks.restart_budget import RestartBudget
from updater.checks.startup import Startup
from updater.components.restart import RestartPolicy
from updater.components.specs import ComponentSpec, ControlEndpoint, ForkedModule, WebEndpoint
from updater.supervisor.plan import PlanTimes, Retries
from updater.supervisor.supervisor import Supervisor, SupervisorOptions
from updater.supervisor.update_scheduler import ImageCommands
from updater.supervisor.updates import UpdateCommands

COMPONENT = Path(__file__).with_name("component.py")


def spec(plan: dict[str, Any], folder: Path) -> ComponentSpec:
    endpoint: ControlEndpoint | WebEndpoint | None = None
    arguments = list(plan.get("arguments", []))
    if plan.get("serves") == "socket":
        # Where the collector has its own.
        endpoint = ControlEndpoint(folder / "run" / f"{plan['name']}.sock")
        arguments += ["--socket", str(endpoint.socket_file)]
    elif plan.get("serves"):
        endpoint = WebEndpoint("127.0.0.1", int(plan["serves"]), "/healthz")
        arguments += ["--port", str(plan["serves"])]
    program: tuple[str, ...] | ForkedModule
    if "module" in plan:  # one of this folder, which is the first on the path of this script
        program = ForkedModule(plan["module"], f"dca {plan['name']}", preload="zipapp")
    else:
        program = tuple(plan.get("command") or (sys.executable, str(COMPONENT), plan["name"], str(folder), *arguments))
    made = ComponentSpec(
        name=plan["name"],
        program=program,
        endpoint=endpoint,
    )
    return replace(made, **plan.get("times", {}))


def times(plan: dict[str, Any]) -> PlanTimes:
    made: dict[str, Any] = {name: Retries(**value) if name.endswith("retries") else value for name, value in plan.items()}
    return PlanTimes(**made)


def commands(plan: dict[str, Any]) -> UpdateCommands:
    named = {"probe": "engine_command", "receive": "receive_command"}
    given = {field: plan[name] for field, name in named.items() if name in plan}
    return UpdateCommands(**given, images=ImageCommands(**plan.get("image_commands", {"tidy": ["true"]})))


def main() -> int:
    paths = Paths.from_environment()
    paths.prepare()
    plan_file = Path(sys.argv[1])
    folder = plan_file.parent
    plan = json.loads(plan_file.read_text())
    configure_logging("supervisor", folder=paths.logs)
    checks: tuple[Check, ...] = (
        Exited(),
        Startup(),
        Heartbeat(),
        Memory(interval=0.2),
        Deep(interval=0.2),
        DiskSpace(low_bytes=plan.get("low_bytes", 1)),
        Replacement(),
        RestartBudget(),
    )

    def declare(_settings: Settings, _paths: Paths) -> tuple[ComponentSpec, ...]:
        return tuple(spec(component, folder) for component in plan["components"])

    async def run() -> int:
        options = SupervisorOptions(
            declare,
            policy=RestartPolicy(**plan.get("policy", {})),
            checks=checks,
            commands=commands(plan),
            times=times(plan.get("times", {})),
            trial_seconds=plan.get("trial_seconds", 2.0),
        )
        supervisor = Supervisor(paths, options)
        supervisor.load_components()
        return await supervisor.run()

    with MainLock(paths.main_lock):
        return asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
