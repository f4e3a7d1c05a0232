"""A container engine in memory: what a real one does with containers, names, tags and restart policies, as it was measured.

It stands for the engine, which is outside; it can be told to end its caller, or the whole machine, at any call.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from appliance.common.clock import to_rfc3339
from updater.engine.container_spec import Json
from updater.engine.engine import Engine
from updater.engine.own_container import MOUNT_INFO
from updater.errors import EngineError, EngineFailure
from updater.records import acknowledgement
from updater.records.acknowledgement import Acknowledgement

from .transactions import INSPECT, NEW_IMAGE, OLD_IMAGE, TRANSACTION

Behaviour = Literal["good", "crashing", "never ready", "no contact", "unwell", "cut off"]
When = Literal["before", "after"]
EPOCH = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)


class KilledError(BaseException):
    """The switcher ends here."""


class PowerCutError(BaseException):
    """All ends here."""


class ModelEngine(Engine):
    """The calls that a replacement makes. Every change of something is counted, and may be the last."""

    def __init__(self, folder: Path, *, behaviour: Behaviour = "good", policy: str = "always") -> None:
        super().__init__("unix:///nowhere")
        self.folder = folder
        self.behaviour = behaviour
        self.seconds = 0.0
        self.calls = 0
        self.crashes: dict[int, tuple[When, type[BaseException]]] = {}
        self.faults: dict[int, EngineFailure] = {}
        self.refuses: Callable[[str, tuple[object, ...]], EngineFailure | None] = lambda _call, _arguments: None
        self.done: list[str] = []
        self.own: str | None = None
        self.by_hand: set[str] = set()
        """Containers that a person has stopped, as the engine's events tell."""
        self.removed_with_volumes: list[str] = []
        self.stopped: list[tuple[str, float]] = []
        """The containers that ran and were stopped, by whomever, and when (seconds since 1970)."""
        self.pruned: set[str] = set()
        """Images that somebody has removed."""
        self.all: dict[str, Json] = {}
        self.tags = {"dca/appliance:stable": OLD_IMAGE, "dca/appliance:0.2.0": NEW_IMAGE}
        old: Any = deepcopy(INSPECT)
        old["HostConfig"]["RestartPolicy"] = {"Name": policy, "MaximumRetryCount": 0}
        self.all[old["Id"]] = old | {"Name": "dca"}
        self._set(old["Id"], "running")

    # What the switcher asks for.

    def container(self, reference: str) -> Json | None:
        found = self._find(reference)
        if found is not None:
            self._live(found)
        return deepcopy(found)

    def containers(self, labels: Any) -> list[Json]:
        return [deepcopy(one) for one in self.all.values() if labels.items() <= (one["Config"].get("Labels") or {}).items()]

    def image(self, reference: str) -> Json | None:
        known = self.tags.get(reference, reference)
        return {"Id": known, "Config": {}} if known in {OLD_IMAGE, NEW_IMAGE} - self.pruned else None

    def create(self, name: str, body: Json) -> str:
        return str(self._change("create", (name,), lambda: self._create(name, body)))

    def start(self, container: str) -> None:
        self._change("start", (container,), lambda: self._start(container))

    def stop(self, container: str, seconds: int) -> bool:
        return bool(self._change("stop", (container,), lambda: self._stop(container)))

    def rename(self, container: str, name: str) -> None:
        self._change("rename", (container, name), lambda: self._rename(container, name))

    def remove(self, container: str, *, force: bool = False, volumes: bool = False) -> None:
        if volumes and (found := self._find(container)):
            self.removed_with_volumes.append(str(found["Name"]).lstrip("/"))
        self._change("remove", (container,), lambda: self.all.pop((self._find(container) or {"Id": ""})["Id"], None))

    def set_restart_policy(self, container: str, policy: Json) -> None:
        self._change("policy", (container, policy["Name"]), lambda: self._policy(container, policy))

    def connect_network(self, network: str, container: str, endpoint: Json) -> None:
        networks = self._known(container)["NetworkSettings"]["Networks"]
        self._change("connect", (network,), lambda: networks.update({network: endpoint}))

    def tag(self, image: str, reference: str) -> None:
        self._change("tag", (image, reference), lambda: self.tags.update({reference: image}))

    def untag(self, reference: str) -> None:
        self._change("untag", (reference,), lambda: self.tags.pop(reference, None))

    def images(self, reference_prefix: str) -> list[Json]:
        return [{"RepoTags": [tag]} for tag in self.tags if tag.startswith(reference_prefix)]

    def logs(self, container: str, lines: int = 400) -> str:
        return "the last words\n"

    def run(self, container: str, command: Sequence[str], seconds: float) -> int | None:
        found = self._known(container)
        assert found["State"]["Status"] == "running", "nothing is run in what stands still"
        return int(self.behaviour == "unwell")

    def stops(self, container: str, since: float) -> int:
        return sum(stopped == container and moment >= since for stopped, moment in self.stopped)

    def was_stopped(self, container: str, since: float) -> bool:
        return container in self.by_hand

    def own_container(self, mount_info: Path = MOUNT_INFO) -> Json:
        if self.own is None:
            raise EngineError("not in a container", "not found")
        return deepcopy(self._known(self.own))

    # What happens around it.

    def now(self) -> float:
        return self.seconds

    @property
    def moment(self) -> datetime:
        return EPOCH + timedelta(seconds=self.seconds)

    def wait_seconds(self, seconds: float) -> None:
        self.seconds += seconds

    def reboot(self) -> None:
        """Come back after a power cut."""
        self.seconds += 30
        for one in list(self.all.values()):
            was, policy = one["State"]["Status"], one["HostConfig"]["RestartPolicy"]["Name"]
            revived = was != "created" and (policy == "always" or (policy == "unless-stopped" and not one.get("stopped")))
            if was in ("running", "restarting") or revived:
                self._set(one["Id"], "running" if revived else "exited")

    @property
    def mains(self) -> list[Json]:
        """The appliances that run."""
        running = [one for one in self.all.values() if one["State"]["Status"] == "running"]
        return [one for one in running if one["Config"]["Labels"].get("dca.role") not in ("switcher", "preflight")]

    def _change(self, call: str, arguments: tuple[object, ...], effect: Callable[[], object]) -> object:
        number, self.calls = self.calls, self.calls + 1
        when, crash = self.crashes.get(number, ("", KilledError))
        if when == "before":
            raise crash
        if kind := self.faults.get(number) or self.refuses(call, arguments):
            raise EngineError(f"{call} was refused", kind)
        result = effect()
        self.done.append(" ".join([call, *map(str, arguments)]))
        if when == "after":
            raise crash
        return result

    def _find(self, reference: str) -> Json | None:
        return next((one for one in self.all.values() if reference in (one["Id"], one["Name"])), None)

    def _known(self, reference: str) -> Json:
        found = self._find(reference)
        if found is None:
            raise EngineError(f"no such container: {reference}", "not found")
        return found

    def _create(self, name: str, body: Json) -> str:
        if self._find(name):
            raise EngineError(f"the name {name} is taken", "conflict")
        if self.tags.get(body["Image"], body["Image"]) in self.pruned:
            raise EngineError("no such image", "not found")
        made = f"{len(self.done):064x}"
        self.all[made] = {
            "Id": made,
            "Name": name,
            "Image": self.tags.get(body["Image"], body["Image"]),
            "Config": {"Labels": body.get("Labels") or {}, "Image": body["Image"]},
            "HostConfig": {"RestartPolicy": {"Name": "no"}} | body.get("HostConfig", {}),
            "NetworkSettings": {"Networks": {}},
        }
        self._set(made, "created")
        return made

    def _start(self, reference: str) -> None:
        found = self._known(reference)
        helper = found["Config"]["Labels"].get("dca.role") == "switcher"
        if not helper and any(one["Id"] != found["Id"] for one in self.mains):
            raise EngineError("port is already allocated", "conflict")
        found["stopped"] = False
        self._set(found["Id"], "running")

    def _stop(self, reference: str) -> bool:
        found = self._known(reference)
        ran = bool(found["State"]["Status"] == "running")
        self.stopped += [(found["Id"], self.moment.timestamp())] * ran
        found["stopped"] = True
        self._set(found["Id"], "exited")
        return ran

    def _rename(self, reference: str, name: str) -> None:
        found, holder = self._known(reference), self._find(name)
        if holder is not None and holder["Id"] != found["Id"]:
            raise EngineError(f"the name {name} is taken", "conflict")
        found["Name"] = name

    def _policy(self, reference: str, policy: Json) -> None:
        self._known(reference)["HostConfig"]["RestartPolicy"] = {"MaximumRetryCount": 0} | policy

    def _set(self, container: str, status: str) -> None:
        state = self.all[container].get("State") or {"StartedAt": "0001-01-01T00:00:00Z"}
        if status == "running":
            self.seconds += 0.001
            state = {"StartedAt": self.moment.isoformat()}
        self.all[container]["State"] = state | {"Status": status, "ExitCode": 0}

    def _live(self, one: Json) -> None:
        """Let the new version do what it does."""
        if one["Image"] != NEW_IMAGE or one["State"]["Status"] not in ("running", "restarting"):
            return
        if self.behaviour == "crashing":
            one["State"] |= {"Status": "exited", "ExitCode": 1}
            return
        ready = self.behaviour != "never ready"
        said = Acknowledgement(
            TRANSACTION,
            "0.2.0",
            to_rfc3339(self.moment),
            "ready" if ready else "starting",
            collector=ready,
            webui=True,
            refresh="failed" if self.behaviour == "no contact" else "ok",
            check_in="failed" if self.behaviour == "cut off" else "ok",
        )
        acknowledgement.write(self.folder, said)
