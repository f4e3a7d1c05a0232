"""`dca capture`: write down what a device says, as a recording that `dca read --recording` replays anywhere.

Only what the collector may ask for at all is walked. Names of documents and people are taken out of what panels and alerts say, as
in every reading. `--mask` also takes out where the device stands: host name, location, address, the MAC but for its maker's part.
"""

import argparse
import asyncio
import ipaddress
from collections.abc import Iterable
from pathlib import Path

from appliance.commands.asking import options_of, settings_here, targets_of
from appliance.common.errors import CredentialError, DataFolderError, NoAnswerError, SettingsError
from appliance.common.files import write_atomic
from appliance.common.plain import plain
from appliance.discovery.credentials import covering
from appliance.privacy.people import scrub_text
from appliance.reading.sources import objects as mib
from appliance.service.scans.hosts import resolve_host
from appliance.service.scans.options import ScanOptions
from appliance.settings.ipp_targets import is_ipp_target
from appliance.snmp.client import SnmpClient
from appliance.snmp.recording import UNKNOWN_ADDRESS, recording_line
from appliance.snmp.values import Objects, Oid, Tag, Value

MOST_ROWS = 1024
"""Rows of one table that are written down at most."""
MASKED_ADDRESS = ipaddress.IPv4Address(UNKNOWN_ADDRESS)
"""Stands for the address of the device in a masked recording."""

MASKED = b"masked"
SHORTEST_PLACE = 3
"""A host name or location shorter than this is only removed where it stands alone: it may be part of any word."""

_ENTERPRISES: Oid = (1, 3, 6, 1, 4, 1)
_PLACE = (mib.SYS_NAME.oid, mib.SYS_LOCATION.oid)
_SPOKEN = (mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT.oid, mib.PRT_ALERT_DESCRIPTION.oid, _ENTERPRISES)


def run(arguments: argparse.Namespace) -> int:
    """Ask the device, write the recording and say what is in it."""
    settings = settings_here()
    if is_ipp_target(arguments.host):
        raise SettingsError(
            f"{arguments.host!r} is read by IPP, and a recording holds what a device says over SNMP. Name its host."
        )
    if targets_of([arguments.host], settings).count() > 1:
        raise SettingsError(f"{arguments.host!r} is more than one device. Name one.")
    objects, partial = asyncio.run(_walk(arguments.host, options_of(arguments, settings)))
    kept = without_names(objects)
    if arguments.mask:
        kept = without_place(kept)
    lines = [recording_line(oid, value) for oid, value in sorted(kept.items())]
    out = Path(arguments.out)
    try:
        write_atomic(out, ("\n".join(lines) + "\n").encode("ascii"))
    except OSError as error:
        raise DataFolderError(f"{out} cannot be written: {error.strerror}. Name another file with --out.") from error
    print(f"{out}: {len(lines)} objects of {arguments.host}.")
    if partial:
        print(f"The recording is not whole: {plain(partial)}.")
    return 0


async def _walk(host: str, options: ScanOptions) -> tuple[Objects, str | None]:
    """Return all objects below the subtrees that may be asked for, and why they are not all, or None."""
    address = await resolve_host(host)
    subtrees = outermost(options.definitions.allowed)
    silence: CredentialError | NoAnswerError | None = None
    async with SnmpClient(options.snmp) as client:
        for credential in covering(options.credentials, address):
            session = client.session(credential.agent(address, options.port))
            try:
                return await session.fetch([], subtrees, max_rows=MOST_ROWS), session.partial
            except NoAnswerError as error:
                silence = silence or error
            except CredentialError as error:
                # It tells more than the silence that other credentials met.
                silence = error
    raise silence or SettingsError(f"No SNMP credential is for {address}: enter one in snmp.credentials, or widen its ranges.")


def outermost(subtrees: Iterable[Oid]) -> list[Oid]:
    """Return the subtrees that lie in no other one, in order."""
    kept: list[Oid] = []
    for subtree in sorted(subtrees):
        if not kept or subtree[: len(kept[-1])] != kept[-1]:
            kept.append(subtree)
    return kept


def without_names(objects: Objects) -> dict[Oid, Value]:
    """Return the objects with the names of documents and people removed from what panels, alerts and makers' own texts say."""
    return {oid: _scrubbed(value) if _below(oid, _SPOKEN) else value for oid, value in objects.items()}


def without_place(objects: Objects) -> dict[Oid, Value]:
    """Return the objects without host name and location wherever they stand, another address, and the maker's part of each MAC."""
    places = [
        value.content
        for oid, value in objects.items()
        if _below(oid, _PLACE) and isinstance(value.content, bytes) and len(value.content) >= SHORTEST_PLACE
    ]
    masked: dict[Oid, Value] = {}
    for oid, value in objects.items():
        if _below(oid, (mib.IP_AD_ENT_IF_INDEX.oid,)):
            masked.setdefault((*mib.IP_AD_ENT_IF_INDEX.oid, *MASKED_ADDRESS.packed), value)
        elif not _below(oid, (mib.IP_ADDRESS_IF_INDEX.oid,)):
            masked[oid] = _masked(oid, value, places)
    return masked


def _masked(oid: Oid, value: Value, places: list[bytes]) -> Value:
    content = value.content
    if not isinstance(content, bytes):
        return value
    if _below(oid, (mib.IF_PHYS_ADDRESS.oid,)):
        return Value(value.tag, content[:3] + bytes(max(0, len(content) - 3)))
    if _below(oid, _PLACE):
        return Value(value.tag, MASKED)
    for place in places:
        content = content.replace(place, MASKED)
    return Value(value.tag, content)


def _below(oid: Oid, subtrees: Iterable[Oid]) -> bool:
    return any(oid[: len(subtree)] == subtree for subtree in subtrees)


def _scrubbed(value: Value) -> Value:
    if value.tag != Tag.OCTET_STRING or not isinstance(value.content, bytes):
        return value
    try:
        text = value.content.decode()
    except UnicodeDecodeError:
        text = value.content.decode("latin-1")
    scrubbed = scrub_text(text)
    return value if scrubbed == text else Value(value.tag, scrubbed.encode())
