"""Nothing leaves the site before its masks are chosen; and what waited until then is masked by them before it is sent."""

from collections.abc import Callable

from appliance.common.message import Message
from appliance.privacy.choice import choice
from appliance.privacy.outgoing import Masking
from appliance.service.collector.collector_notes import CollectorNotes
from appliance.settings.rows import Choice
from appliance.settings.store import SettingsStore
from appliance.store.store import Store

NOTE = "masked_as_chosen_at"
AT_ONCE = 500
"""Readings that are masked in one transaction."""
HELD = Message(
    "The site is enrolled, and nothing is sent yet: choose what may leave it, under Privacy on the page Settings. "
    "What was read waits here."
)


class MaskChoice:
    """Whether the masks are chosen, as it was looked up last."""

    def __init__(self, settings: SettingsStore, notes: CollectorNotes, masking: Callable[[], Masking | None]) -> None:
        """`masking` returns the masks in force, None when they cannot be had."""
        self._settings = settings
        self._notes = notes
        self._masking = masking
        self._made: Choice | None = None
        self._masked = False

    @property
    def held(self) -> bool:
        """Whether nothing may be sent."""
        return self._made is None

    def look(self) -> None:
        """Look up the choice; before the settings are read, so that they are at least as new.

        Raises SettingsError, DataFolderError.
        """
        self._made = choice(self._settings)

    async def mask_what_waits(self) -> bool:
        """Return whether what waits has the form it may be sent in; where the choice is new, give it that first."""
        if self._made is None:
            return False
        # A site of an earlier version has sent what waited before, under the masks it had.
        self._masked = self._masked or not self._made.at or await self._mask_anew(self._made.at)
        return self._masked

    async def _mask_anew(self, moment: str) -> bool:
        if await self._notes.note(NOTE) == moment:
            return True
        masking = self._masking()
        if masking is None:
            return False
        some: int | None = AT_ONCE
        while some == AT_ONCE:
            some = await self._notes.ask(lambda store: store.mask_anew(masking, AT_ONCE))

        def finish(store: Store) -> bool:
            store.mask_events_anew(masking)
            store.remember(NOTE, moment)
            return True

        return some is not None and bool(await self._notes.ask(finish))
