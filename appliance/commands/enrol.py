"""`dca enrol`: connect the appliance with its hosting server."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from appliance.common.errors import ControlError, SettingsError
from appliance.common.files import BYTE_ORDER_MARK
from appliance.common.log import configure_logging
from appliance.common.paths import Paths
from appliance.privacy.in_words import masks_in_words
from appliance.privacy.known_devices import KnownDevices
from appliance.privacy.outgoing import Masking
from appliance.process.client import ControlClient
from appliance.process.lock import MainLock
from appliance.process.reload import reload_components
from appliance.settings.store import SettingsStore
from appliance.store.store import Store
from appliance.transmission.authority import require_certificates
from appliance.transmission.enrolment import WITHOUT_ROOT, enrol_site, knows_devices, parse_enrolment, registration

ANSWER_SECONDS = 60.0
OTHER_MASKS = "Change that on the page Settings, or with `dca settings set privacy.NAME=VALUE`."


def run(arguments: argparse.Namespace) -> int:
    """Enrol by the running collector, or here when none runs; print where."""
    configure_logging("cli", level="ERROR", stream=sys.stderr)
    text = _text(arguments)
    enrolment = parse_enrolment(text)
    paths = Paths.from_environment()
    authority = _certificates(arguments.ca)
    told = asyncio.run(_by_collector(paths, text, authority))
    if told is None:
        paths.prepare()
        settings = SettingsStore(paths.settings)
        with MainLock(paths.collector_lock):
            made = _here(paths, text, authority, settings)
        told = made, masks_in_words(settings.effective().settings.privacy)
    made, masks = told
    if authority:
        asyncio.run(reload_components(paths))
    print(f"Enrolled at {made['url']} as site {made['site_id']}.")
    print(f"{masks} {OTHER_MASKS}")
    if enrolment.root_sha256 is None:
        print(WITHOUT_ROOT)
    return 0


def _text(arguments: argparse.Namespace) -> str:
    if arguments.file is None and arguments.enrolment != "-":
        return str(arguments.enrolment)
    try:
        text = sys.stdin.read() if arguments.file in (None, "-") else Path(arguments.file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise SettingsError(f"The enrolment string cannot be read from {arguments.file or 'standard input'}: {reason}.") from error
    return text.removeprefix(BYTE_ORDER_MARK).strip()


def _certificates(file: str | None) -> str:
    """Return the certificates in a file, nothing without one. Raises SettingsError."""
    if file is None:
        return ""
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The certificate authority cannot be read from {file}: {error}.") from error
    require_certificates(text)
    return text


def _here(paths: Paths, text: str, authority: str, settings: SettingsStore) -> dict[str, Any]:
    """Enrol by this process, and let the new server be told of the known devices by the collector, once it runs."""
    before = registration(settings)
    made = enrol_site(text, paths.trust, settings, by="command", authority=authority)
    if paths.readings.exists() and not knows_devices(made, before):
        with Store(paths.readings) as store:
            known = KnownDevices(store.device_names())
            store.tell_anew(Masking.of(settings.effective().settings.privacy, paths.trust, known))
    return {"url": made.url, "site_id": made.site_id}


async def _by_collector(paths: Paths, text: str, authority: str) -> tuple[dict[str, Any], str] | None:
    """Return what the running collector answers and the masks it sends under, or None when none runs.

    Raises ControlError with its reason.
    """
    if not paths.collector_socket.exists():
        return None
    client = ControlClient(paths.collector_socket, "collector", timeout=ANSWER_SECONDS)
    try:
        await client.call("GET", "/v1/health")
    except ControlError:
        return None  # a socket file that a killed collector left behind
    made = await client.call("POST", "/v1/enrol", {"enrolment": text} | ({"authority": authority} if authority else {}))
    status = await client.call("GET", "/v1/status")
    return made, str(status["masks"]["text"])
