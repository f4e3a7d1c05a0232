"""How replacements of the container went: the newest 50, in `update/history.json`."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from appliance.common.clock import from_rfc3339, to_rfc3339, utc_now
from appliance.common.record import Count, Moment, Seconds
from updater.records.journal import Transaction, TransactionId
from updater.records.json_file import aside_of, read_records, read_rows, require_records, write_rows

Outcome = Literal["installed", "rolled_back", "failed", "refused", "superseded", "stuck"]
KEPT = 50
LOG_BYTES = 8192
FILE = "history.json"


@dataclass(frozen=True, slots=True)
class Result:
    """How one replacement went. Moments are RFC 3339."""

    transaction: TransactionId
    from_version: str
    to_version: str
    started_at: Moment
    finished_at: Moment
    seconds: Seconds
    outcome: Outcome
    reason: str
    """One word; empty when all went well."""
    text: str
    by: str
    """The account that wanted it, `console` or `auto`."""
    log: str = ""
    """The end of the log of the version that failed, at most 8 KB."""
    seconds_without_web: Seconds | None = None
    """None where it was not measured, for example over a power cut."""
    from_counter: Count = 0
    """Under which the version before was signed; 0 where that is not known."""

    def to_json(self) -> dict[str, Any]:
        """Return the value as JSON."""
        return asdict(self)


def result_of(transaction: Transaction, outcome: Outcome, reason: str, text: str) -> Result:
    """Return how a transaction has ended, just now."""
    now = utc_now()
    return Result(
        transaction=transaction.transaction,
        from_version=transaction.from_version,
        to_version=transaction.to_version,
        started_at=transaction.started_at,
        finished_at=to_rfc3339(now),
        seconds=max(0.0, (now - from_rfc3339(transaction.started_at)).total_seconds()),
        outcome=outcome,
        reason=reason,
        text=text,
        by=transaction.by,
        from_counter=transaction.from_counter,
    )


def add(folder: Path, result: Result) -> None:
    """Add a result, in place of an earlier one about the same transaction. `folder` is `Paths.update`. Raises OSError."""
    rows = [row for row in read_rows(folder / FILE) if row.get("transaction") != result.transaction]
    write_rows(folder / FILE, [result.to_json(), *rows][:KEPT])


def replace_newest(folder: Path, result: Result) -> None:
    """Put a result in the place of the newest one, which it repeats. Raises OSError."""
    write_rows(folder / FILE, [result.to_json(), *read_rows(folder / FILE)[1:]])


def read(folder: Path) -> tuple[Result, ...]:
    """Return the results, newest first; none where the file cannot be read."""
    return read_records(Result, folder / FILE)


def is_whole(folder: Path) -> bool:
    """Return whether the rows tell what is needed no more: each can be read, and what was installed last is among them."""
    try:
        require_records(Result, folder / FILE)
    except FileNotFoundError:
        pass
    except (OSError, ValueError):
        return False
    return not aside_of(folder / FILE).exists() or any(row.outcome == "installed" for row in read(folder))


def installation_of(folder: Path, version: str) -> Result | None:
    """Return how a version was installed, None unless it was the last one that this appliance installed."""
    newest = next((row for row in read(folder) if row.outcome == "installed"), None)
    return newest if newest and newest.to_version == version else None


def end_of_log(text: str) -> str:
    """Return the end of a log that fits into a result."""
    return text.encode()[-LOG_BYTES:].decode(errors="ignore")
