"""What the hosting server answers, checked at the outside edge, and what its errors mean. Pure."""

from datetime import datetime
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from appliance.common.backoff import parse_http_date, parse_retry_after
from appliance.common.errors import BatchIdTakenError, ContentRefusedError, HostingError, RefusedError, UnknownHereError
from appliance.common.message import Message, sentences
from appliance.report import DeviceKey
from appliance.transmission.failures import TRIED_AGAIN, not_hosting

CONTENT_REFUSED = frozenset({400, 413, 422})
"""Statuses after which the same content must not be sent again."""

PASSING = frozenset({"clock", "replayed"})
"""Errors that go away without a person at the hosting server: the request is tried again."""

QUIET = frozenset({"revoked", "expired", "deactivated"})
"""Refusals after which the site leaves the hosting server alone but for one check-in a day."""

BATCH_CONFLICT = "batch_conflict"
"""Error of status 409: the id of a batch stands for other content at the server."""

ROOT_CHARACTERS = 512_000


class HostingAnswer(BaseModel):
    """Base of all answers; fields not known here are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class EnrolAnswer(HostingAnswer):
    """Answer of `POST /api/v1/enrol`."""

    site_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
    root: Annotated[str, StringConstraints(max_length=ROOT_CHARACTERS)] | None = None
    """The text of the root of trust that was asked for; not to be believed before its hash is checked."""


class Intervals(HostingAnswer):
    """How often the hosting server wants to hear from the site."""

    check_in_seconds: Annotated[int, Field(ge=1, le=86400)] | None = None
    upload_seconds: Annotated[int, Field(ge=1, le=86400)] | None = None


class Command(HostingAnswer):
    """Something the hosting server asks the site to do; names not known here are ignored by the collector."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Restored(HostingAnswer):
    """The server is another generation of the one the site has spoken with: it was made of a backup of `since`."""

    generation: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,40}$")]
    since: datetime | None = None


class CheckInAnswer(HostingAnswer):
    """Answer of `POST /api/v1/checkin`."""

    server_time: datetime
    intervals: Intervals = Intervals()
    commands: Annotated[tuple[Command, ...], Field(max_length=100)] = ()
    state_digest: str | None = None
    """Of the state the server keeps now; it can be told by this digest as long as it is the same."""
    state_needed: bool = False
    """The server has not the state that was told by its digest."""
    configuration: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{16}|none)$")] | None = None
    """Marker of the configuration published for this site, when it is not the one the site has dealt with."""
    rollout: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{16}|none)$")] | None = None
    """Marker of the rollout of new versions, when it is not the one the site has dealt with."""
    restored: Restored | None = None
    """What was acknowledged since then is to be sent again."""


class UploadAnswer(HostingAnswer):
    """Answer of `POST /api/v1/readings`: how many readings were new and how many the server had already."""

    accepted: Annotated[int, Field(ge=0)]
    duplicate: Annotated[int, Field(ge=0)]
    changes: bool = False
    """Whether the server takes changes to the readings it has."""
    needed: frozenset[DeviceKey] = frozenset()
    """The devices of which it has not the reading a change builds on; their readings count as neither."""


class BundleAnswer(HostingAnswer):
    """Answer of `POST /api/v1/support-bundle`."""

    bundle_id: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class _Error(HostingAnswer):
    error: Annotated[str, StringConstraints(max_length=100)]
    message: Annotated[str, StringConstraints(max_length=2000)] = ""


Model = TypeVar("Model", bound=HostingAnswer)


def parse_answer(model: type[Model], body: bytes, server: str) -> Model:
    """Return the answer in `body`. Raises HostingError when it is cut, not JSON, or not what a hosting server answers."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            empty, broken = Message("its answer is empty"), Message("its answer is not JSON, or was cut off on its way")
            what: str = broken if body.strip() else empty
        else:
            where = ".".join(str(part) for part in first["loc"])
            what = Message(
                "its answer is JSON, but %(member)s does not fit (%(reason)s)", member=where or "it", reason=first["msg"].lower()
            )
        raise HostingError(not_hosting(server, what)) from error


def refusal(status: int, date: str | None, retry_after: str | None, body: bytes, *, server: str, now: datetime) -> HostingError:
    """Return the error that an answer other than 200 and 201 means; `date` and `retry_after` are headers of the answer."""
    wait = parse_retry_after(retry_after, now)
    try:
        said = _Error.model_validate_json(body)
    except ValidationError:
        return _foreign(status, wait, server)
    message = _sentence(said.message)
    if status in CONTENT_REFUSED:
        return ContentRefusedError(
            Message(
                "The hosting server %(server)s will not take this: %(reason)s", server=server, reason=message or said.error + "."
            ),
            code=said.error,
        )
    if status == 409 and said.error == BATCH_CONFLICT:
        taken = Message("The hosting server %(server)s has other content under the id of this batch.", server=server)
        return BatchIdTakenError(taken, code=said.error)
    if status in (401, 403, 409) and said.error not in PASSING:
        kind = UnknownHereError if status == 401 else RefusedError
        return kind(_refused_sentence(said.error, server, message), retry_after=wait, code=said.error)
    if said.error == "clock":
        text = _clock_sentence(server, date, now, message)
    elif said.error == "replayed":
        text = Message("The hosting server %(server)s has seen this request before. It is sent again, newly signed.", server=server)
    elif status in (429, 503):
        text = Message(
            "The hosting server %(server)s is busy%(in_words)s: %(reason)s",
            server=server,
            in_words=_in_words(wait),
            reason=message or Message("it is tried again."),
        )
    else:
        text = Message(
            "The hosting server %(server)s answered %(status)d (%(code)s): %(reason)s",
            server=server,
            status=status,
            code=said.error,
            reason=message or Message("it is tried again."),
        )
    return HostingError(text, retry_after=wait, code=said.error)


def _foreign(status: int, wait: float | None, server: str) -> HostingError:
    """Return the error for an answer that has not the form of a hosting server's errors: a proxy's, or another server's."""
    if status in (429, 503, 502, 504):
        return HostingError(
            Message(
                "The hosting server %(server)s is not available now (%(status)s)%(in_words)s.",
                server=server,
                status=status,
                in_words=_in_words(wait),
            ),
            retry_after=wait,
        )
    if 300 <= status < 400:
        return HostingError(not_hosting(server, Message("it sends its visitors elsewhere (%(status)d)", status=status)))
    if status >= 500:
        return HostingError(
            sentences(
                Message("The hosting server %(server)s has a fault (%(status)s).", server=server, status=status), TRIED_AGAIN
            ),
            retry_after=wait,
        )
    return HostingError(not_hosting(server, Message("it answered %(status)d", status=status)), retry_after=wait)


def _refused_sentence(code: str, server: str, message: str) -> str:
    known = {
        "code_invalid": (
            Message(
                "The hosting server %(server)s does not accept the enrolment code: it was used already, has "
                "expired, or was mistyped. Ask the hosting team for a new enrolment string.",
                server=server,
            )
        ),
        "revoked": Message(
            "The hosting server %(server)s has revoked this site. Ask the hosting team for a new enrolment string.", server=server
        ),
        "expired": Message(
            "The time for which the hosting server %(server)s serves this site is over. Ask the hosting team to prolong it.",
            server=server,
        ),
        "deactivated": Message(
            "The hosting server %(server)s has deactivated this site. Ask the hosting team to activate it again.", server=server
        ),
        "root_unknown": (
            Message(
                "The hosting server %(server)s does not know the root of trust that the enrolment string names: "
                "its repository was set up anew since, or the string is of another server. Ask the hosting team "
                "for a new enrolment string.",
                server=server,
            )
        ),
        "unknown_site": (
            Message(
                "The hosting server %(server)s does not know this site. Enrol again with a new enrolment string "
                "of the hosting team.",
                server=server,
            )
        ),
        "bad_signature": (
            Message(
                "The hosting server %(server)s does not accept the signature of this site. When a proxy changes "
                "requests on the way, let it pass them unchanged; else enrol again.",
                server=server,
            )
        ),
    }
    return known.get(code) or Message(
        "The hosting server %(server)s refuses (%(code)s): %(reason)s",
        server=server,
        code=code,
        reason=message or Message("no reason was given."),
    )


def _clock_sentence(server: str, date: str | None, now: datetime, message: str) -> str:
    remedy = Message("Set the clock of this host, best by NTP; the readings wait until then.")
    moment = parse_http_date(date)
    if moment is None:
        differs = Message("The clock of this host differs too much from the hosting server %(server)s:", server=server)
        return sentences(differs, message, remedy)
    seconds = round((now - moment).total_seconds())
    amount = _duration(abs(seconds))
    ahead = Message(
        "The clock of this host is %(amount)s ahead of the clock of the hosting server %(server)s.", amount=amount, server=server
    )
    behind = Message(
        "The clock of this host is %(amount)s behind the clock of the hosting server %(server)s.", amount=amount, server=server
    )
    return sentences(ahead if seconds > 0 else behind, remedy)


def _duration(seconds: int) -> Message:
    if seconds >= 2 * 86400:
        return Message("%(count)d days", count=round(seconds / 86400))
    if seconds >= 2 * 3600:
        return Message("%(count)d hours", count=round(seconds / 3600))
    if seconds >= 2 * 60:
        return Message("%(count)d minutes", count=round(seconds / 60))
    return Message("%(count)d seconds", count=seconds)


def _in_words(wait: float | None) -> str:
    return "" if wait is None else Message(" and asks to wait %(amount)s", amount=_duration(round(wait)))


def _sentence(text: str) -> str:
    """Return foreign text as one line that ends with a full stop, control characters removed."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if not line or line.endswith((".", "!", "?")) else f"{line}."
