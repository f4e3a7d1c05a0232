"""A replacement of the container that neither goes on nor back."""

from collections.abc import Sequence

from updater.checks.base import Check, Situation
from updater.components.issues import Finding
from updater.records.journal import Journal


class Replacement(Check):
    """Finds an update that is stuck. There is no fix here: the switcher tries again each minute, and deletes nothing."""

    slug = "replacement"
    interval = 30.0

    async def find(self, situation: Situation) -> Sequence[Finding]:
        """Return one finding while the journal says that it is stuck."""
        transaction = Journal(situation.data_folder / "update").read()
        if transaction is None or transaction.phase != "stuck":
            return []
        why = f" {transaction.text}" if transaction.text else ""
        return [
            Finding(
                self.slug,
                f"The update from version {transaction.from_version} to {transaction.to_version} is stuck: it could neither be "
                f"finished nor taken back.{why} Nothing is deleted; look at the containers {transaction.old.name} and "
                f"{transaction.previous_name} on the host.",
            )
        ]
