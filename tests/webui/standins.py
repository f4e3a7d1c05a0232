"""What stands for the collector and the supervisor: real control sockets that answer as docs/protocol/control-sockets.md says."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.web import Application

from appliance.common.errors import ControlError
from appliance.common.files import to_json
from appliance.process.control import ControlHandler, serve_control

Result = TypeVar("Result")


class LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns when it is called in the loop."""

        async def call() -> Result:
            return work()

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(10)

    def close(self) -> None:
        """Cancel what still runs and end the thread."""

        async def settle() -> None:
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(settle(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


class Component:
    """A control socket whose answers the test decides. `calls` holds every call as (method, path, body)."""

    def __init__(self, thread: LoopThread, socket_file: Path) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.status: dict[str, Any] = {}
        self.refusals: dict[str, str] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._thread = thread
        self._server: HTTPServer = thread.run(lambda: serve_control(self._application(), socket_file))

    def send(self, state: dict[str, Any]) -> None:
        """Send a state of the scan to whoever follows it."""
        self._thread.loop.call_soon_threadsafe(self.events.put_nowait, state)

    def close(self) -> None:
        """Stop listening, as a component that has ended."""
        self._thread.run(self._server.stop)

    def called(self, path: str) -> list[dict[str, Any]]:
        """Return the bodies of the calls of `path`."""
        return [body for _, called, body in self.calls if called == path]

    def _application(self) -> Application:
        component = self

        class Answer(ControlHandler):
            def _answer(self) -> None:
                path = self.request.path
                component.calls.append((str(self.request.method), path, self.body()))
                if path in component.refusals:
                    raise ControlError(component.refusals[path])
                if path == "/v1/status":
                    self.answer(component.status)
                else:
                    self.answer(component.answers.get(path, {}), 202 if self.request.method == "POST" else 200)

            get = _answer
            post = _answer

        class Events(ControlHandler):
            async def get(self) -> None:
                self.set_header("Content-Type", "text/event-stream")
                try:
                    while True:
                        state = await component.events.get()
                        self.write(b"data: " + to_json(state) + b"\n\n")
                        await self.flush()
                        if state.get("done"):
                            return
                except StreamClosedError:
                    return

        return Application([(r"/v1/scan/events", Events), (r"/v1/.*", Answer)])


def scan_state(**changes: Any) -> dict[str, Any]:
    """Return the state of a scan as the collector tells it."""
    return {
        "id": "scan-1",
        "kind": "sweep",
        "started_at": "2026-11-22T10:00:00Z",
        "finished_at": None,
        "done": False,
        "cancelled": False,
        "addresses": 254,
        "asked": 100,
        "answering": 5,
        "silent": 0,
        "devices": 3,
        "read": 2,
        "failed": 0,
        "packets_sent": 240,
        "bytes_sent": 14_000,
        "bytes_received": 9_000,
        "remaining_seconds": 7,
        "paused_until": None,
        "text": "100 of 254 addresses asked, 3 devices found",
        "failures": [],
    } | changes


def collector_status(**changes: Any) -> dict[str, Any]:
    """Return the status of an idle collector that is enrolled."""
    return {
        "component": "collector",
        "version": "0.1.0",
        "pid": 7,
        "started_at": "2026-11-22T09:00:00Z",
        "state": "idle",
        "scan": None,
        "last_scan": None,
        "next_sweep_at": None,
        "next_read_at": None,
        "quiet_until": None,
        "devices": {"known": 0, "answering": 0},
        "outbox": {"readings": 0, "oldest_at": None},
        "hosting": {
            "url": "https://hosting.example",
            "enrolled": True,
            "site_id": "site-1",
            "last_contact_at": "2026-11-22T09:59:00Z",
            "last_error": None,
            "insecure": False,
        },
        "icmp": "datagram",
        "problems": [],
    } | changes


def supervisor_status(**changes: Any) -> dict[str, Any]:
    """Return the status of a supervisor whose two components run."""
    running = {
        "state": "running",
        "pid": 8,
        "started_at": "2026-11-22T09:00:00Z",
        "restarts": 0,
        "last_exit": None,
        "last_heartbeat_at": "2026-11-22T10:00:00Z",
        "status": "",
        "memory_mb": 31.4,
    }
    return {
        "component": "supervisor",
        "version": "0.1.0",
        "pid": 1,
        "started_at": "2026-11-22T09:00:00Z",
        "health_check": True,
        "update": {"level": "auto", "image_updates": "no socket", "text": "The Docker socket is not in the container."},
        "components": [running | {"name": "collector"}, running | {"name": "webui", "pid": 9}],
        "issues": [],
    } | changes
