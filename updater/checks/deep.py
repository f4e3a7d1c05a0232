"""A component that runs, sends heartbeats, and does not do its work."""

import asyncio
from collections.abc import Sequence

from appliance.common.errors import ControlError
from appliance.common.message import Message, message_of
from appliance.process.client import ControlClient
from updater.checks.base import Check, Situation, Streaks
from updater.checks.disk_space import FULL_BYTES, free_bytes
from updater.components.component import Component, ComponentState
from updater.components.issues import Finding, Fix, Remedy
from updater.components.specs import ComponentSpec, ControlEndpoint, WebEndpoint


class Deep(Check):
    """Asks each running component for its work: the collector over its control socket, the web UI over HTTP on loopback.

    One that fails several times in a row is stopped and started again, unless the disk is full: then a restart does not help.
    """

    slug = "deep"

    def __init__(self, *, interval: float = 10.0, failures: int = 3, timeout: float = 5.0) -> None:
        self.interval = interval
        self._timeout = timeout
        self._streaks = Streaks(failures)

    async def find(self, situation: Situation) -> Sequence[Finding]:
        """Return the components that failed several times in a row."""
        asked = [
            (component, pid)
            for component in situation.components
            if component.state is ComponentState.RUNNING and component.spec.endpoint and (pid := component.pid) is not None
        ]
        troubles = await asyncio.gather(*(self.ask(component.spec) for component, _ in asked))
        free = free_bytes(situation.data_folder)
        helps = free is None or free > FULL_BYTES
        findings = [
            self._finding(component, pid, trouble, helps)
            for (component, pid), trouble in zip(asked, troubles, strict=True)
            if self._streaks.reached(pid, trouble is not None) and trouble is not None
        ]
        self._streaks.keep_only({pid for _, pid in asked})
        return findings

    def _finding(self, component: Component, pid: int, trouble: str, helps: bool) -> Finding:
        fix = Fix(Remedy.STOP_AND_START, Message("Stop the %(name)s and start it again.", name=component.name)) if helps else None
        return Finding(
            self.slug,
            Message("The %(name)s runs and does not work: %(trouble)s", name=component.name, trouble=trouble),
            component.name,
            pid,
            fix,
        )

    async def ask(self, spec: ComponentSpec) -> str | None:
        """Return what is wrong, as a sentence, or None."""
        if isinstance(spec.endpoint, ControlEndpoint):
            return await self._ask_control(spec.endpoint, spec.name)
        if isinstance(spec.endpoint, WebEndpoint):
            return await self._ask_web(spec.endpoint)
        return None

    async def _ask_control(self, endpoint: ControlEndpoint, name: str) -> str | None:
        try:
            answer = await ControlClient(endpoint.socket_file, name, timeout=self._timeout).call("GET", "/v1/health")
        except ControlError as error:
            return message_of(error)
        if answer.get("ok"):
            return None
        checks = [check for check in answer.get("checks", []) if isinstance(check, dict) and not check.get("ok")]
        return " ".join(str(check.get("text") or check.get("name")) for check in checks) or "it says so itself."

    async def _ask_web(self, endpoint: WebEndpoint) -> str | None:
        where = f"http://{endpoint.host}:{endpoint.port}{endpoint.path}"
        try:
            async with asyncio.timeout(self._timeout):
                status = await _get(endpoint)
        except TimeoutError:
            return Message("%(where)s gave no answer within %(timeout)s s.", where=where, timeout=round(self._timeout))
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            return Message("%(where)s gave no answer: %(reason)s.", where=where, reason=message_of(error))
        return None if status == 200 else Message("%(where)s answered %(status)s.", where=where, status=status)


async def _get(endpoint: WebEndpoint) -> int:
    """Return the HTTP status of a GET. Raises OSError, ValueError or IncompleteReadError."""
    reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
    try:
        writer.write(f"GET {endpoint.path} HTTP/1.0\r\nHost: localhost:{endpoint.port}\r\nUser-Agent: dca-health\r\n\r\n".encode())
        await writer.drain()
        words = (await reader.readuntil(b"\n")).split()
        if len(words) < 2 or not words[0].startswith(b"HTTP/"):
            raise ValueError("that is no HTTP answer")
        return int(words[1])
    finally:
        writer.close()
