"""The questions there are over HTTP: IPP Get-Printer-Attributes, and the documents of HP LEDM."""

import structlog

from appliance.http.errors import HttpError
from appliance.http.visit import Visit
from appliance.reading.parts import OpenItems, Parts
from appliance.reading.sources import ipp, ledm
from appliance.reading.sources.ipp_parts import parts_of_ipp

_NOT_FOUND = 0x0406
"""client-error-not-found (RFC 8011 appendix B): the printer is at another path."""

log = structlog.get_logger()


async def ask_ipp(visit: Visit, port: int) -> Parts | None:
    """Return what the printer says over IPP, None when it does not speak it there. Raises HttpError."""
    damaged: ipp.IppError | None = None
    for path in ipp.PATHS:
        answer = await visit.post_ipp(path, ipp.encode_request(f"ipp://{visit.host}{path}"), port=port)
        if answer.status != 200:
            continue
        try:
            decoded = ipp.decode_answer(answer.body)
        except ipp.IppError as error:
            # Some printers name their answers otherwise, or not at all: what is IPP, its octets tell.
            damaged = error if answer.content_type == ipp.CONTENT_TYPE else damaged
            continue
        if decoded.successful:
            return parts_of_ipp(decoded)
        if decoded.status != _NOT_FOUND:
            return None
    if damaged:
        raise HttpError(f"What {visit.host} answers is no IPP: {damaged}.") from damaged
    return None


def ledm_documents(wanted: OpenItems) -> list[str]:
    """Return the documents that may have what is wanted."""
    needed = {
        "ProductConfigDyn": wanted.serial or wanted.firmware,
        "ProductUsageDyn": wanted.total or wanted.split,
        "ConsumableConfigDyn": wanted.supplies or wanted.levels or wanted.cartridge_serials,
    }
    return [document for document, needs in needed.items() if needs]


async def ask_ledm(visit: Visit, wanted: OpenItems, port: int) -> list[Parts]:
    """Return what an HP device says in the documents that may have what is wanted. Raises HttpError."""
    found = []
    for document in ledm_documents(wanted):
        answer = await visit.get(ledm.PATHS[document], port=port)
        if answer.status != 200:
            continue
        try:
            found.append(ledm.parts_of_ledm(answer.body, document))
        except ledm.LedmError as error:
            log.debug("a document could not be read", document=document, reason=str(error))
    return found
