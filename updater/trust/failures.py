"""One sentence for each way in which what was fetched is refused. Pure."""

from datetime import datetime, timedelta
from urllib.parse import unquote

from appliance.common.clock import to_rfc3339
from appliance.common.message import Message
from updater.errors import ClockError, Reason, TrustError, UntrustedError

CLOCKS_AGREE = timedelta(hours=1)

WHAT = {
    Reason.SIGNATURES: "carries too few signatures of the keys that count. Ask the hosting team whether they signed it, and check "
    "that this is the address of their repository",
    Reason.EXPIRED: "is no longer valid. Ask the hosting team to sign the repository anew, and check that nothing on the way keeps "
    "newer files from this site",
    Reason.ROLLBACK: "is older than what this site trusts already. Ask the hosting team whether they restored an old repository",
    Reason.MISMATCH: "is not the file that was signed elsewhere in the repository. It is tried again at the next check; when it "
    "stays so, ask the hosting team to publish it anew",
    Reason.INVALID: "is no valid metadata. Check the address of the repository, or ask the hosting team what they published",
}
DETAIL_CHARACTERS = 200


def refusal(reason: Reason, file: str, detail: str, now: datetime, server_date: datetime | None) -> TrustError:
    """Return why `file` is refused; `detail` is what the library says.

    What has expired by our clock alone is a fault of the clock: nobody signed the date of a server, but it tells where to look.
    """
    shown = unquote(_expired(detail) or file)
    if reason is Reason.EXPIRED and server_date is not None and now - server_date > CLOCKS_AGREE:
        return ClockError(
            Reason.CLOCK,
            Message(
                "%(shown)s is no longer valid by the clock of this host, which says %(now)s, while that "
                "of the server says %(server_time)s. Set the clock of the host.",
                shown=shown,
                now=to_rfc3339(now),
                server_time=to_rfc3339(server_date),
            ),
            file=shown,
        )
    said = " ".join(detail.split())[:DETAIL_CHARACTERS]
    return UntrustedError(reason, f"{shown} was refused: it {WHAT[reason]}. ({said})", file=shown)


def _expired(detail: str) -> str:
    """Return the file that python-tuf says has expired: it is not always the one fetched last."""
    words = detail.removesuffix(" is expired").split()
    if not detail.endswith(" is expired") or not words:
        return ""
    return words[-1] if words[-1].endswith(".json") else f"{words[-1]}.json"
