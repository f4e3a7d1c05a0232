"""The support bundle: what somebody far away needs to understand this appliance, and nothing that gives anything away.

- A tar of JSON files and log lines, compressed, made in memory: also on a full disk, which is when it is wanted.
- Secrets are left out by the names of their fields, and whatever secret is in force is searched for in every text.
- What the privacy settings mask is masked here too, in every text; what panels show is never in it.
"""

import asyncio
import gzip
import io
import json
import platform
import re
import tarfile
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import DcaError, SettingsError
from appliance.common.files import from_json
from appliance.common.log import redact
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.privacy.outgoing import Masking
from appliance.settings.configuration_state import Received
from appliance.settings.environment import ENROLMENT_VARIABLE, read_variable
from appliance.settings.presentation import visible
from appliance.settings.store import SettingsStore
from appliance.settings.tables import ENROLMENT
from appliance.store.reader import Reader
from appliance.store.rows import DeviceRow
from appliance.support.component_answers import Asked, ask_components
from appliance.support.scrubbing import Scrubber, secrets_of

LARGEST_BUNDLE_BYTES = 8 << 20
LOG_BYTES = 1 << 20
"""Of each component, at most, before compression; the newest lines."""
LONGEST_LINE = 4_000
MOST_DEVICES = 2_000
COMPONENTS = ("supervisor", "collector", "webui", "switcher")


async def bundle_of(paths: Paths, store: SettingsStore) -> bytes:
    """Return the bundle of the appliance at `paths`, as `make_bundle` does, with what its components say now."""
    asked = await ask_components(paths)
    return await asyncio.to_thread(make_bundle, paths, store, asked)


def file_name(moment: datetime) -> str:
    """Return how the file of a bundle made at this moment is called."""
    return f"dca-support-{moment:%Y%m%d-%H%M%S}.tar.gz"


def make_bundle(paths: Paths, store: SettingsStore, asked: Asked) -> bytes:
    """Return the bundle as `.tar.gz`, at most 8 MiB. Blocking. Raises DcaError when the settings cannot be read."""
    effective = store.effective()
    masking = Masking.of(effective.settings.privacy, paths.trust)
    scrubber = Scrubber([*secrets_of(effective), *_enrolment_code()], masking)
    devices = _devices(paths)
    scrubber.know(devices)
    masking.known.add_public(effective.settings.hosting.url, *(str(row.get("url", "")) for row in store.documents(ENROLMENT)))
    documents: dict[str, Any] = {
        "about.json": _about(),
        "settings.json": [
            {"setting": path, "value": value, "layer": layer, "variable": variable}
            for path, value, layer, variable in visible(effective)
        ],
        "configuration.json": _configuration(store.received()),
        "supervisor.json": asked.supervisor,
        "collector.json": asked.collector,
        "devices.json": [scrubber.device(device) for device in devices[:MOST_DEVICES]],
    }
    files = {name: _json(scrubber.value(document)) for name, document in documents.items()}
    logs = {f"{name}.log": log_of(paths.logs / f"{name}.log", scrubber) for name in COMPONENTS}
    bundle = _packed(files | logs)
    # Log lines compress to a fifteenth as a rule; what does not, say because somebody filled it, is left out.
    return bundle if len(bundle) <= LARGEST_BUNDLE_BYTES else _packed(files)


def _about() -> dict[str, Any]:
    return {
        "made_at": to_rfc3339(utc_now()),
        "version": installed_version(),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def _enrolment_code() -> list[str]:
    """Return the code in the enrolment string of the environment, if there is one."""
    try:
        text = read_variable(ENROLMENT_VARIABLE) or ""
    except SettingsError:
        return []
    return re.findall(r"[#&]enrol=([^&\s]+)", text)


def _configuration(received: Received) -> dict[str, Any]:
    """Return what was received and what became of it; what it set is in the settings."""
    in_force = received.in_force
    return {
        "state": received.state,
        "marker": received.marker,
        "in_force": in_force and {"received_at": in_force.received_at, "trial": in_force.trial, "documents": in_force.names()},
        "earlier": [{"received_at": one.received_at, "documents": one.names()} for one in received.earlier],
        "outcomes": [asdict(outcome) for outcome in received.outcomes],
    }


def _devices(paths: Paths) -> list[DeviceRow]:
    """Return the devices, those seen last first; none while the database cannot be read."""
    try:
        return sorted(Reader(paths.readings).devices(), key=lambda row: row.last_seen_at, reverse=True)
    except DcaError:
        return []


def log_of(file: Path, scrubber: Scrubber) -> bytes:
    """Return the newest lines of a log, those of the file before it included, scrubbed."""
    lines: deque[str] = deque()
    size = 0
    for line in [*_tail(file.with_name(f"{file.name}.1")), *_tail(file)]:
        lines.append(_scrubbed(line, scrubber)[:LONGEST_LINE])
        size += len(lines[-1])
        while size > LOG_BYTES:
            size -= len(lines.popleft())
    return "".join(f"{line}\n" for line in lines).encode()


def _tail(path: Path) -> list[str]:
    """Return the newest whole lines of a file, none when it cannot be read."""
    try:
        with path.open("rb") as stream:
            start = max(0, stream.seek(0, io.SEEK_END) - LOG_BYTES)
            stream.seek(start)
            lines = stream.read(LOG_BYTES).decode(errors="replace").splitlines()
    except OSError:
        return []
    return lines[1:] if start else lines


def _scrubbed(line: str, scrubber: Scrubber) -> str:
    """Return a line of the log as it would be written today, scrubbed text by text; one that is no JSON as one text."""
    try:
        event = from_json(line)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        return scrubber.text(_cut(line))
    return json.dumps(scrubber.value(_cut_texts(redact(None, "", event))), ensure_ascii=False)


def _cut(text: str) -> str:
    """Return as much of a text as a line of the bundle takes, up to the end of a word: half an address has no form."""
    if len(text) <= LONGEST_LINE:
        return text
    kept = text[:LONGEST_LINE]
    return kept[: kept.rfind(" ") + 1] or kept


def _cut_texts(value: Any) -> Any:
    """Return a JSON value with each of its texts cut to what a line takes."""
    if isinstance(value, dict):
        return {name: _cut_texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_cut_texts(inner) for inner in value]
    return _cut(value) if isinstance(value, str) else value


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def _packed(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6) as stream, tarfile.open(fileobj=stream, mode="w|") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"dca-support/{name}")
            entry.size, entry.mode, entry.mtime = len(content), 0o600, int(utc_now().timestamp())
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
