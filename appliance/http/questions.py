"""The question of IPP, Get-Printer-Attributes: where and how it is asked."""

from collections.abc import Sequence
from dataclasses import replace

from appliance.http.endpoints import HTTPS_PORT, Endpoint, Endpoints, after_refusal, at_last, instead_of, is_final
from appliance.http.errors import HttpError
from appliance.http.visit import HttpAnswer, Visit
from appliance.reading.parts import Parts
from appliance.reading.sources import ipp
from appliance.report import Access

_MOST_REQUESTS = 12
"""Requests of IPP in one visit at most, wherever the printer points."""

_Found = tuple[Endpoint, ipp.IppAnswer, str]
"""Where a printer has answered, what, and by which TLS, see `HttpAnswer.over`."""


async def ask_ipp(
    visit: Visit, port: int, *, tls_ports: Sequence[int] = (HTTPS_PORT,), endpoints: Endpoints | None = None
) -> Parts | None:
    """Return what the printer says over IPP, None when it does not speak it there. Raises HttpError.

    It is asked at `port`, where it wants TLS also at `tls_ports`; `endpoints` remember where it answered.
    """
    endpoints = endpoints or Endpoints()
    found = await _ask(visit, endpoints.first(visit.address, port), tls_ports)
    if found is None:
        return None
    endpoints.remember(visit.address, found[0])
    return _parts(found)


async def ask_named(visit: Visit, endpoint: Endpoint) -> Parts | None:
    """Return what the printer at `endpoint` says over IPP, None when none does. Raises HttpError.

    Nothing but this port and path is asked, wherever the printer points; where it wants TLS, over that.
    """
    found = await _ask(visit, [endpoint], (), only=(endpoint.port, endpoint.path))
    return _parts(found) if found else None


def _parts(found: _Found) -> Parts:
    from appliance.reading.sources.ipp_parts import parts_of_ipp  # noqa: PLC0415 - loaded with the first device, not with the program

    _, answer, over = found
    return replace(parts_of_ipp(answer), access=Access(ipp=over))


async def _ask(
    visit: Visit, pending: list[Endpoint], tls_ports: Sequence[int], *, only: tuple[int, str] | None = None
) -> _Found | None:
    """Return who answers with what, of `pending` and of where those point to; `only` is the one port and path that may be asked."""
    asked = set[Endpoint]()
    failure: HttpError | None = None
    while pending and len(asked) < _MOST_REQUESTS:
        endpoint = pending.pop(0)
        if endpoint in asked:
            continue
        asked.add(endpoint)
        request = ipp.encode_request(endpoint.uri(visit.host), version=endpoint.version)
        try:
            answer = await visit.post_ipp(endpoint.path, request, port=endpoint.port, tls=endpoint.tls)
            decoded = _decoded(answer)
        except _DamagedError as error:
            failure = error
            continue
        except HttpError as error:
            failure = error
            pending = [each for each in pending if (each.port, each.tls) != (endpoint.port, endpoint.tls)]
            continue
        if decoded is None:
            instead = instead_of(endpoint, answer, visit.address, tls_ports)
            instead = [each for each in instead if only in (None, (each.port, each.path))]
            wants_tls = any(each.tls for each in instead) and not endpoint.tls
            pending = instead if wants_tls else instead + pending
        elif decoded.successful:
            return endpoint, decoded, answer.over
        elif is_final(decoded):
            return None
        else:
            pending = after_refusal(endpoint, decoded) + pending + at_last(endpoint, decoded)
    if failure:
        raise failure
    return None


def _decoded(answer: HttpAnswer) -> ipp.IppAnswer | None:
    """Return the IPP in an answer, None when it is another. Raises _DamagedError for what is said to be IPP and is none."""
    if answer.status != 200:
        return None
    try:
        return ipp.decode_answer(answer.body)
    except ipp.IppError as error:
        # Some printers name their answers otherwise, or not at all: what is IPP, its octets tell.
        if answer.content_type == ipp.CONTENT_TYPE:
            raise _DamagedError(f"What is answered is no IPP: {error}.") from error
        return None


class _DamagedError(HttpError):
    """What is said to be IPP is none."""
