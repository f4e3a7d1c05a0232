"""A replacement of the container that neither goes on nor back."""

from collections.abc import Sequence

from appliance.common.message import Message
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
                Message(
                    "The update from version %(from_version)s to %(to_version)s is stuck: it could neither be "
                    "finished nor taken back.%(why)s Nothing is deleted; look at the containers %(name)s and "
                    "%(previous_name)s on the host.",
                    from_version=transaction.from_version,
                    to_version=transaction.to_version,
                    why=why,
                    name=transaction.old.name,
                    previous_name=transaction.previous_name,
                ),
            )
        ]
