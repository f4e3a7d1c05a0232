"""Which version this appliance has committed itself to, and its counter: not one that is on trial, nor one that was taken back."""

from dataclasses import dataclass

from updater.records.journal import FINISHED, Transaction


@dataclass(frozen=True, slots=True)
class InstalledVersion:
    """A version that stays."""

    version: str
    counter: int | None = None
    """Under which it was signed, where the last replacement tells; None where only a list of releases can."""


def committed(transaction: Transaction | None, running: str) -> InstalledVersion:
    """Return the version that stays here; `transaction` is the last replacement, `running` the version that runs now. Pure."""
    if transaction is None:
        return InstalledVersion(running)
    before = InstalledVersion(transaction.from_version, transaction.from_counter or None)
    new = InstalledVersion(transaction.to_version, int(transaction.to_release.get("counter") or 0) or None)
    if transaction.phase not in FINISHED:
        return new if transaction.phase == "committed" else before
    stays = new if transaction.phase == "done" else before
    return stays if stays.version == running else InstalledVersion(running)
