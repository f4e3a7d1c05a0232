"""A recorded device: where its parts lie, and its reading, made of all of them as the device itself would be read.

SNMP stands in `NAME.snmprec`, documents and IPP answers in `NAME.web.json` beside it; either may be missing.
"""

from datetime import datetime
from functools import partial
from pathlib import Path

from appliance.common.network.traffic import Traffic
from appliance.http.errors import HttpError
from appliance.http.recording import SUFFIX, WebRecording, WebRecordingError
from appliance.http.supplements import Supplements
from appliance.privacy.people import scrub
from appliance.reading.definitions.definitions import Definitions
from appliance.reading.device import read_device
from appliance.reading.without_snmp import reading_of_parts
from appliance.report import Reading
from appliance.snmp.recording import UNKNOWN_ADDRESS, Recording

SNMP_SUFFIX = ".snmprec"


def web_file(file: Path) -> Path:
    """Return where documents and IPP answers of a recorded device lie, by the file of its SNMP objects."""
    return file if file.name.endswith(SUFFIX) else file.with_name(file.name.removesuffix(SNMP_SUFFIX) + SUFFIX)


def snmp_file(file: Path) -> Path:
    """Return where the SNMP objects lie, by the file of the documents and IPP answers."""
    return file.with_name(file.name.removesuffix(SUFFIX) + SNMP_SUFFIX) if file.name.endswith(SUFFIX) else file


async def read_recorded(
    file: Path, *, taken_at: datetime, definitions: Definitions | None = None, snmp: bool = True, http: bool = True
) -> Reading:
    """Return the reading of a recorded device, by either of its files; `snmp` and `http` say what of it answers.

    Raises RecordingError, and WebRecordingError also where nobody reads a printer from what is there.
    """
    web = WebRecording.load(web_file(file)) if http and web_file(file).exists() else WebRecording()
    supplements = Supplements(visits=web.visit)
    if snmp and (not web.exchanges or snmp_file(file).exists()):
        reading = await read_device(Recording.load(snmp_file(file)), taken_at=taken_at, definitions=definitions)
        return scrub(await supplements.complete(reading, Traffic()) if web.exchanges else reading)
    build = partial(reading_of_parts, address=UNKNOWN_ADDRESS, taken_at=taken_at, definitions=definitions)
    try:
        found = await supplements.read(UNKNOWN_ADDRESS, build, Traffic())
    except HttpError as error:
        raise WebRecordingError(f"The recording {web_file(file)} cannot be read: {error}") from error
    if found is None:
        raise WebRecordingError(f"The recording {web_file(file)} holds no printer: nothing in it answers IPP as one.")
    return scrub(found)
