"""`dca capture`: write down what a device says, as a recording that `dca read --recording` replays anywhere.

Over SNMP all is walked that the collector may ask for at all. Over HTTP the device is asked by the collector's own client for what
its reading takes from documents and IPP, with SNMP and without; a device that sleeps is not. What must not be in a recording is
taken out (`recorded_scrubbing`).
"""

import argparse
import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from appliance.commands.asking import options_of, settings_here, targets_of
from appliance.commands.recorded_device import snmp_file, web_file
from appliance.commands.recording_scrubbing import web_without_names, without_names, without_place
from appliance.common.clock import utc_now
from appliance.common.errors import CredentialError, DataFolderError, NoAnswerError, SettingsError
from appliance.common.files import write_atomic
from appliance.common.network.traffic import Traffic
from appliance.common.plain import plain
from appliance.discovery.credentials import covering
from appliance.http.errors import HttpError
from appliance.http.recording import WebRecorder, WebRecording
from appliance.http.supplements import Supplements
from appliance.reading.device import read_device
from appliance.reading.without_snmp import reading_of_parts
from appliance.report import Reading
from appliance.service.scans.hosts import resolve_host
from appliance.service.scans.options import ScanOptions
from appliance.settings.ipp_targets import is_ipp_target
from appliance.snmp.client import SnmpClient
from appliance.snmp.recording import Recording, recording_line
from appliance.snmp.values import Objects, Oid

MOST_ROWS = 1024
"""Rows of one table that are written down at most."""


@dataclass(frozen=True, slots=True)
class Captured:
    """What a device has said; `notes` say what of it is missing."""

    objects: Objects
    web: WebRecording = field(default_factory=WebRecording)
    notes: tuple[str, ...] = ()


def run(arguments: argparse.Namespace) -> int:
    """Ask the device, write the recording and say what is in it."""
    settings = settings_here()
    if is_ipp_target(arguments.host):
        raise SettingsError(
            f"{arguments.host!r} is read by IPP, and a recording holds what a device says over SNMP. Name its host."
        )
    if targets_of([arguments.host], settings).count() > 1:
        raise SettingsError(f"{arguments.host!r} is more than one device. Name one.")
    captured = asyncio.run(_capture(arguments.host, options_of(arguments, settings), mask=arguments.mask))
    for line in write(captured, Path(arguments.out)):
        print(f"{line} of {arguments.host}.")
    for note in captured.notes:
        print(note)
    return 0


def write(captured: Captured, out: Path) -> list[str]:
    """Write the recording, in place of one that lies there; return what is in which file. Raises DataFolderError."""
    lines = [recording_line(oid, value) for oid, value in sorted(captured.objects.items())]
    answers = len(captured.web.exchanges)
    parts = (
        (snmp_file(out), f"{len(lines)} objects", ("\n".join(lines) + "\n").encode("ascii") if lines else None),
        (web_file(out), f"{answers} answers over HTTP", captured.web.octets() if answers else None),
    )
    told = []
    for file, what, octets in parts:
        try:
            if octets is None:
                # Else a later reading would take what another device has said for a part of this one.
                file.unlink(missing_ok=True)
            else:
                write_atomic(file, octets)
                told.append(f"{file}: {what}")
        except OSError as error:
            raise DataFolderError(f"{file} cannot be written: {error.strerror}. Name another file with --out.") from error
    return told


async def _capture(host: str, options: ScanOptions, *, mask: bool) -> Captured:
    recorder = WebRecorder()
    address = await resolve_host(host)
    captured = await ask(address, options, recorder, Supplements(visits=recorder.visit))
    return scrubbed(captured, mask=mask, known=(host, address))


def scrubbed(captured: Captured, *, mask: bool, known: Iterable[str] = ()) -> Captured:
    """Return what may be written down; `known` are the host name and address by which the device was asked."""
    objects = without_names(captured.objects)
    web = web_without_names(captured.web, captured.objects, mask=mask, known=known)
    return Captured(without_place(objects) if mask else objects, web, captured.notes)


async def ask(address: str, options: ScanOptions, recorder: WebRecorder, supplements: Supplements) -> Captured:
    """Return what the device at `address` says over SNMP and HTTP; `supplements` make their visits by `recorder`.

    Raises NoAnswerError, CredentialError or SettingsError where it is no printer that answers.
    """
    silence: CredentialError | NoAnswerError | SettingsError | None = None
    objects: Objects = {}
    partial_reason: str | None = None
    try:
        objects, partial_reason = await _walk(address, options)
    except (CredentialError, NoAnswerError, SettingsError) as error:
        silence = error
    notes = [f"The recording is not whole: {plain(partial_reason)}."] if partial_reason else []
    if options.http:
        reading = await _reading(address, objects, options) if objects else None
        if reading and reading.status.printer == "sleeping":
            notes.append("The device sleeps, so it was not asked over HTTP: wake it, and capture it again.")
        else:
            if reading:
                await supplements.complete(reading, Traffic())
            if await _answers_ipp(address, options, supplements) and silence:
                notes.append(f"There is nothing in it over SNMP: {plain(str(silence))}")
                silence = None
    if silence:
        raise silence
    return Captured(objects, recorder.recording, tuple(notes))


async def _reading(address: str, objects: Objects, options: ScanOptions) -> Reading:
    """Return what the collector makes of the objects, which decides what it asks over HTTP."""
    return await read_device(Recording(objects, address), taken_at=utc_now(), definitions=options.definitions)


async def _answers_ipp(address: str, options: ScanOptions, supplements: Supplements) -> bool:
    """Ask over HTTP what would be asked if there were no SNMP; return whether a printer answers."""
    build = partial(reading_of_parts, address=address, taken_at=utc_now(), definitions=options.definitions)
    try:
        return await supplements.read(address, build, Traffic()) is not None
    except HttpError:
        return False


async def _walk(address: str, options: ScanOptions) -> tuple[Objects, str | None]:
    """Return all objects below the subtrees that may be asked for, and why they are not all, or None."""
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
