"""The components of one appliance together: started in order, told what is about them, stopped in the opposite order."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog

from updater.components.awake_clock import AwakeClock
from updater.components.children import Children
from updater.components.component import Component, ComponentState, Surroundings
from updater.components.fork import load_beforehand
from updater.components.restart import RestartPolicy
from updater.components.specs import ComponentSpec, ForkedModule

log = structlog.get_logger()

STOP_SECONDS = 6.0
"""How long all components together may take to stop; then they are killed."""
STOP_HEAD_START_SECONDS = 1.0
"""How long each component may take to stop before the next one is told to."""


class ComponentGroup:
    """Components in the order of their start."""

    def __init__(
        self,
        specs: Sequence[ComponentSpec],
        children: Children,
        policy: RestartPolicy,
        notify_path: Path,
        changed: Callable[[], None],
    ) -> None:
        """`notify_path` is where heartbeats are listened to; `changed` is called after each change of a component's state."""
        self.clock = AwakeClock()
        self.policy = policy
        surroundings = Surroundings(children, self.clock, policy, notify_path, self._component_changed)
        self.members = tuple(Component(spec, surroundings) for spec in specs)
        self._children = children
        self._changed = changed
        self._moved = asyncio.Event()
        """Set at each change of a component's state."""

    @property
    def are_running(self) -> bool:
        """Whether every component runs."""
        return all(component.state is ComponentState.RUNNING for component in self.members)

    def load(self) -> None:
        """Load what the components will need, once for all of them."""
        programs = (component.spec.program for component in self.members)
        load_beforehand(program for program in programs if isinstance(program, ForkedModule))

    def start(self) -> None:
        """Start them all."""
        for component in self.members:
            component.start()

    def restart(self, name: str) -> bool:
        """Restart a component; False when there is none of that name. Raises ComponentError while the appliance stops."""
        for component in self.members:
            if component.name == name:
                log.info("A component is restarted, because somebody asked for it.", about=name)
                component.restart()
                return True
        return False

    def change_specs(self, specs: Sequence[ComponentSpec]) -> None:
        """Have each component started by its new spec, when it is started next."""
        by_name = {spec.name: spec for spec in specs}
        for component in self.members:
            component.next_spec = by_name[component.name]

    def hold(self) -> None:
        """Give up the starts that wait for their time: the health check is off."""
        for component in self.members:
            component.hold()

    def notified(self, pid: int, fields: Mapping[str, str]) -> None:
        """Take a message of the notify protocol from the process of a component."""
        for component in self.members:
            if component.pid == pid:
                component.notified(fields)

    async def stop(self) -> None:
        """Stop the last component first, with a head start before the next; kill what still runs when the time is over."""
        deadline = asyncio.get_running_loop().time() + STOP_SECONDS
        for component in reversed(self.members):
            component.stop()
            await self._wait_stopped((component,), STOP_HEAD_START_SECONDS)
        if not await self._wait_stopped(self.members, deadline - asyncio.get_running_loop().time()):
            self._children.kill_all()
            await self._wait_stopped(self.members, 1.0)

    async def _wait_stopped(self, components: Sequence[Component], seconds: float) -> bool:
        """Return whether these components are stopped, at the latest after so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while any(component.state is not ComponentState.STOPPED for component in components):
                    self._moved.clear()
                    await self._moved.wait()
        return all(component.state is ComponentState.STOPPED for component in components)

    def _component_changed(self) -> None:
        self._moved.set()
        self._changed()
