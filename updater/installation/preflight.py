"""The preflight: a container of the new image looks at its own files and at a copy of the small state of this site, then is gone.

It has no network, no socket and nothing of the data volume; what it is handed is a copy, in a volume of its own that goes with it.
It runs as the user the new main container will run as, and with the same runtime: what would keep that one from starting shows.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from appliance.common.errors import SettingsError
from appliance.common.files import from_json
from appliance.common.message import Message, message_of
from appliance.common.paths import Paths
from appliance.settings.store import SettingsStore
from updater.engine.container_spec import Inspected, Json, successor
from updater.engine.engine import Engine
from updater.engine.labels import ROLE_LABEL, TRANSACTION_LABEL, container_name, labels_of, preflight_name
from updater.errors import EngineError, PreflightError
from updater.installation.state_copy import state_copy

ROLE = {ROLE_LABEL: "preflight"}
HANDED = "/preflight"
"""Where the copy of the state is, in a volume of the container's own."""
SECONDS = 180.0
MEMORY_BYTES = 384 << 20
PROCESSES = 64
ILLEGAL_INSTRUCTION = 128 + 4
EXEC_FORMAT = "exec format error"
LOG_CHARACTERS = 8192


@dataclass(frozen=True, slots=True)
class Preflight:
    """The outcome: `reason` is empty, `platform`, `damaged` or `unfit`; `text` says it for people."""

    reason: str
    text: str
    report: Json = field(default_factory=dict)
    """What `python -m updater selftest` has printed; empty where it got nowhere."""
    log: str = ""
    """What the container wrote last, where it failed."""

    @property
    def ok(self) -> bool:
        """Whether the new image can take over here."""
        return not self.reason


def run(
    engine: Engine,
    image: str,
    own: Inspected,
    paths: Paths,
    *,
    transaction: str = "",
    environment: Mapping[str, str] = os.environ,
    seconds: float = SECONDS,
) -> Preflight:
    """Return whether `image` can take the place of the container `own`. Raises EngineError, PreflightError, DataFolderError.

    Nothing is left behind; what a killed preflight has left is taken away first.
    """
    described = engine.image(image)
    if described is None:
        raise EngineError(Message("The container engine has no image %(image)s.", image=image), "not found")
    if unfit := _other_platform(engine, described):
        return unfit
    name = preflight_name(container_name(own))
    _remove_leftover(engine, name)
    state = state_copy(paths, environment)
    body = _body(engine, described, own, ROLE | {TRANSACTION_LABEL: transaction}, in_force=_in_force(paths, environment))
    named = [f"{name}={HANDED}/{file}" for name, file in state.variables.items()]
    body["Env"] = [*_kept(body.get("Env") or []), *named, f"DCA_DATA_DIR={HANDED}/{state.folder}"]
    made = engine.create(name, body)
    try:
        engine.put_archive(made, HANDED, state.archive)
        return _look(engine, made, seconds)
    finally:
        engine.remove(made, force=True, volumes=True)


def _look(engine: Engine, made: str, seconds: float) -> Preflight:
    """Let the container run, and return what it found."""
    try:
        engine.start(made)
    except EngineError as error:
        if error.kind in ("platform", "refused"):
            return _not_runnable(message_of(error))
        raise
    try:
        code = engine.wait(made, seconds)
    except EngineError as error:
        if error.kind == "broken":
            return Preflight(
                "unfit", f"The new version did not end its test of itself within {seconds:g} s.", log=_log(engine, made)
            )
        raise
    said = _log(engine, made)
    report = _report(said)
    if report:
        return _judge(report, said, code)
    state = (engine.container(made) or {}).get("State") or {}
    return _no_report(code, said, out_of_memory=bool(state.get("OOMKilled")))


def _judge(report: Json, said: str, code: int) -> Preflight:
    if code == 0 and report.get("ok") is True:
        return Preflight(
            "",
            Message("The new version tested itself in %(seconds)s s and can take over here.", seconds=report.get("seconds")),
            report,
        )
    failed = [check for check in report["checks"] if not check["ok"]]
    reason = "damaged" if any(check["name"] == "files" for check in failed) else "unfit"
    texts = " ".join(str(check["text"]).rstrip(".") + "." for check in failed)
    return Preflight(reason, f"Version {report.get('version')} cannot take over here. {texts}".rstrip(), report, said)


def _no_report(code: int, said: str, *, out_of_memory: bool) -> Preflight:
    if out_of_memory:
        return Preflight(
            "unfit",
            Message("The test of the new version took more than %(megabytes)s MiB of memory.", megabytes=MEMORY_BYTES >> 20),
            log=said,
        )
    if code == ILLEGAL_INSTRUCTION:
        return Preflight(
            "platform", Message("The new image needs a newer processor than this host has (illegal instruction)."), log=said
        )
    if EXEC_FORMAT in said:
        return _not_runnable(said)
    last = said.strip().splitlines()[-1:] or ["it said nothing"]
    return Preflight("unfit", f"The test of the new version ended with exit code {code}: {last[0]}", log=said)


def _not_runnable(said: str) -> Preflight:
    return Preflight(
        "platform" if EXEC_FORMAT in said else "damaged",
        "The new image cannot run on this host: its programs are for another kind of processor, or damaged. Remove the image to "
        f"have it fetched again, or ask the hosting team. The engine said: {said.strip()[-300:]}",
        log=said,
    )


def _other_platform(engine: Engine, image: Inspected) -> Preflight | None:
    here = engine.version()
    its, ours = (image.get("Os") or "", image.get("Architecture") or ""), (here.os, here.arch)
    if not all(its) or not all(ours) or its == ours:
        return None
    return Preflight(
        "platform", Message("The new image is for %(its)s, and this host runs %(ours)s.", its="/".join(its), ours="/".join(ours))
    )


def _remove_leftover(engine: Engine, name: str) -> None:
    """Remove what a killed preflight left. Raises PreflightError when the name belongs to something else."""
    found = engine.container(name)
    if found is None:
        return
    if ROLE.items() <= labels_of(found).items():
        engine.remove(found["Id"], force=True, volumes=True)
        return
    raise PreflightError(
        Message("There is a container named %(name)s that is not of the appliance. Give it another name.", name=name)
    )


def _body(engine: Engine, image: Inspected, own: Inspected, labels: Mapping[str, str], *, in_force: bool) -> Json:
    """Return the container to create: as the new main one would be where that counts, and closed in all else."""
    old_image = engine.image(str(own["Image"])) or {}
    spec = successor(own, old_image, image, reference=str(image["Id"]), labels={}, api=engine.version().api)
    taken = {name: spec.body[name] for name in ("User", "Env") if spec.body.get(name)}
    alike = {name: own["HostConfig"][name] for name in ("Runtime", "UsernsMode", "CgroupParent") if own["HostConfig"].get(name)}
    return taken | {
        "Image": image["Id"],
        "Entrypoint": ["python3", "-P", "-m", "updater"],
        "Cmd": ["selftest", "--preflight", *(["--configuration-in-force"] if in_force else [])],
        "Labels": dict(labels),
        "Healthcheck": {"Test": ["NONE"]},
        "Volumes": {HANDED: {}},
        "HostConfig": alike
        | {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "Tmpfs": {"/tmp": "size=64m,mode=1777", "/data": "size=1m"},  # noqa: S108 - of the container
            "Memory": MEMORY_BYTES,
            "MemorySwap": MEMORY_BYTES,
            "PidsLimit": PROCESSES,
            "RestartPolicy": {"Name": "no"},
            # Whatever the engine does with logs otherwise, this one has to be read.
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m"}},
        },
    }


def _kept(variables: list[str]) -> Iterator[str]:
    """Yield what the user set for the appliance, without what is about folders, files and the engine of the main container."""
    for variable in variables:
        name = variable.partition("=")[0]
        if name == "TZ" or (name.startswith("DCA_") and not name.endswith(("_DIR", "_FILE"))):
            yield variable


def _in_force(paths: Paths, environment: Mapping[str, str]) -> bool:
    """Return whether a signed configuration is part of the settings in force."""
    store = SettingsStore(paths.settings, environment)
    try:
        return store.received().in_force is not None and not store.effective().left_out
    except SettingsError:
        return False


def _log(engine: Engine, made: str) -> str:
    return engine.logs(made)[-LOG_CHARACTERS:]


def _report(said: str) -> Json:
    """Return the report among what a container wrote; empty where there is none."""
    for line in reversed(said.splitlines()):
        with contextlib.suppress(ValueError):
            report = from_json(line)
            if isinstance(report, dict) and isinstance(report.get("checks"), list):
                return report
    return {}
