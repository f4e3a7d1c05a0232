"""The connection to the hosting server: enrolment, upload and check-in, each tried again by itself while the server is away."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import structlog

from appliance.common.abandonable import abandonable
from appliance.common.backoff import next_delay
from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import (
    DataFolderError,
    DcaError,
    HostingError,
    RefusedError,
    SettingsError,
    StoreError,
    UnknownHereError,
)
from appliance.common.message import Message, message_of
from appliance.common.network.traffic import TrafficByPurpose
from appliance.privacy.in_words import masks_in_words
from appliance.privacy.outgoing import Masking
from appliance.service.collector.problems import Problems
from appliance.service.collector.threads import StoreThread
from appliance.service.hosting.restored_server import RestoredServer
from appliance.settings.environment import ENROLMENT_VARIABLE, read_variable
from appliance.settings.model import Settings
from appliance.settings.rows import By, Registration
from appliance.settings.store import SettingsStore
from appliance.store.store import Store
from appliance.transmission.answers import QUIET, CheckInAnswer
from appliance.transmission.client import HostingClient
from appliance.transmission.connection import ConnectionSettings
from appliance.transmission.enrolment import enrol_site, open_client, parse_enrolment, registration
from appliance.transmission.pause import pause_after
from appliance.transmission.suspension import Quiet, keep_quiet, read_quiet
from appliance.transmission.upload import Sent, upload_waiting

QUIET_PROBLEM = "hosting_quiet"

Result = TypeVar("Result")

log = structlog.get_logger()


class HostingConnection:
    """One site's connection to its hosting server. Its methods never raise for trouble on the way: they report it as a problem."""

    def __init__(
        self,
        trust_folder: Path,
        settings: SettingsStore,
        store: StoreThread,
        problems: Problems,
        masking: Callable[[], Masking | None],
    ) -> None:
        """`masking` returns the masks in force, None when they cannot be had."""
        self.traffic = TrafficByPurpose()
        """All that it has cost since it was made."""
        self.held = False
        """Whether nothing may be sent: the masks of the site are not chosen."""
        self._trust_folder = trust_folder
        self._settings = settings
        self._store = store
        self._problems = problems
        self._restored = RestoredServer(masking)
        self._client: HostingClient | None = None
        self._registration: Registration | None = None
        self._quiet: Quiet | None = None
        self._one_call = asyncio.Lock()
        self._uploading = False
        self._sent = Sent()
        self._stopping = threading.Event()
        self._failures = 0
        self._not_before = 0.0
        self._last_contact_at: datetime | None = None
        self._last_error: str | None = None

    @property
    def registration(self) -> Registration | None:
        """Where the site is enrolled, if it is."""
        return self._registration

    @property
    def enrolled(self) -> bool:
        """Whether the site is enrolled at a hosting server."""
        return self._registration is not None

    @property
    def quiet(self) -> Quiet | None:
        """Why the hosting server is left alone but for one check-in a day; None as a rule."""
        return self._quiet

    @property
    def last_error(self) -> str | None:
        """Why the last call failed, None when it did not."""
        return self._last_error

    @property
    def sent(self) -> Sent:
        """What the first upload of this process that got through has sent so far; before that, the newest one."""
        return self._sent

    @property
    def check_in_due(self) -> bool:
        """Whether a check-in may be made by itself now."""
        return not self.held and self._may_call() and (self._quiet is None or self._quiet.due(utc_now()))

    def open(self) -> None:
        """Take the enrolment and the settings as they are now. Trouble with them becomes a problem."""
        self.close()
        try:
            self._registration, self._quiet = registration(self._settings), read_quiet(self._settings)
            self._client = open_client(self._trust_folder, self._settings, self.traffic)
        except (SettingsError, DataFolderError) as error:
            self._problems.report("enrolment", message_of(error))
        else:
            if self._registration:
                self._problems.clear("enrolment")
        self._failures, self._not_before = 0, 0.0
        self._problems.set("insecure_hosting", self._insecurity())
        self._problems.set(QUIET_PROBLEM, self._quiet.sentence() if self._quiet else None)

    def close(self) -> None:
        """Give up the connection."""
        client, self._client = self._client, None
        if client:
            client.close()

    def stop(self) -> None:
        """Begin no further call; one that is under way is left behind."""
        self._stopping.set()

    def as_json(self) -> dict[str, Any]:
        """Return the `Hosting` of the control API."""
        enrolled = self._registration
        return {
            "url": self._client.url if self._client else enrolled.url if enrolled else None,
            "enrolled": enrolled is not None,
            "site_id": enrolled.site_id if enrolled else None,
            "last_contact_at": to_rfc3339(self._last_contact_at) if self._last_contact_at else None,
            "last_error": self._last_error,
            "insecure": bool(self._client and self._client.insecure),
            "root_sha256": enrolled.root_sha256 if enrolled else None,
            "quiet": self._quiet.as_json() if self._quiet else None,
        }

    async def enrol(self, text: str, *, by: By = "command", authority: str = "") -> Registration:
        """Enrol with the string of the hosting team, and with the certificates of the `authority` of its server, if it needs one.

        Raises the sentence that says why not; what was in force before stays then.
        """
        async with self._one_call:
            made = await abandonable(
                lambda: enrol_site(text, self._trust_folder, self._settings, self.traffic, by=by, authority=authority)
            )
            self._problems.clear("enrolment")
            self.open()
            await self._contact()
        log.info("enrolled", url=made.url, site_id=made.site_id)
        return made

    async def enrol_by_environment(self) -> bool:
        """Enrol with the string in `DCA_ENROLMENT`, if there is one and the site is not enrolled; True when it now is.

        While the server is away it is tried again for as long as it takes. A refused code is a problem on the status page.
        """
        failures = 0
        while not self._stopping.is_set() and not self.enrolled:
            try:
                text = read_variable(ENROLMENT_VARIABLE)
                if text is None:
                    return False
                parse_enrolment(text)
                await self.enrol(text, by="environment")
                log.info("enrolled by the environment", masks=masks_in_words(self._settings.effective().settings.privacy))
            except DcaError as error:
                if isinstance(error, SettingsError | RefusedError) and not isinstance(error, UnknownHereError):
                    self._problems.report("enrolment", f"{error} (The enrolment string comes from {ENROLMENT_VARIABLE}.)")
                    return False
                failures += 1
                self._last_error = message_of(error)
                self._problems.report("enrolment", message_of(error))
                await asyncio.sleep(next_delay(failures, retry_after=getattr(error, "retry_after", None), first=2.0))
        return self.enrolled

    async def upload(self, *, now: bool = False) -> Sent:
        """Send what waits, batch after batch; return what was sent. `now`: even while the server is being left alone.

        Once the server has turned the site away, `now` means once a day.
        """
        sent = Sent()
        client = self._client
        if client is None or self.held or self._uploading or not (now or self._may_call()):
            return sent
        self._uploading = True
        try:
            async with self._one_call:
                if self._quiet and not (now and self._quiet.due(utc_now())):
                    return sent
                if not self._sent.batches:
                    self._sent = sent
                await self._call(
                    lambda: self._store.borrow(lambda store: self._send_waiting(store, client, sent)),
                    answered=lambda done: done.calls > 0,
                )
        finally:
            self._uploading = False
        if sent.batches:
            log.info("readings sent", batches=sent.batches, accepted=sent.accepted, duplicate=sent.duplicate)
        return sent

    async def check_in(self, state: dict[str, Any], *, now: bool = False) -> CheckInAnswer | None:
        """Tell the server how the site is; return what it wants, or None when it could not be told. `now`: a person asks for it."""
        async with self._one_call:
            client = self._client
            if client is None or self.held or not (now or self.check_in_due):
                return None
            return await self._call(lambda: self._tell_state(client, state))

    async def send_bundle(self, bundle: bytes) -> str:
        """Send a support bundle and return its id at the hosting server. Raises HostingError, RefusedError."""
        async with self._one_call:
            client = self._client
            if client is None or self.held or self._quiet:
                raise RefusedError(Message("The site is not enrolled at a hosting server that takes anything now."))
            bundle_id = await abandonable(lambda: client.send_bundle(bundle))
            await self._contact()
        return bundle_id

    def _send_waiting(self, store: Store, client: HostingClient, sent: Sent) -> Sent:
        self._restored.let_wait(store)
        return upload_waiting(store, client, stopping=self._stopping.is_set, sent=sent)

    def _tell_state(self, client: HostingClient, state: dict[str, Any]) -> CheckInAnswer:
        """Check in; a store in trouble does not stand in the way of telling so."""
        generation = None
        with suppress(DataFolderError, StoreError):
            generation = self._store.borrow(self._restored.generation)
        answer = client.check_in(state, generation)
        try:
            self._store.borrow(lambda store: self._restored.heed(store, answer))
        except (DataFolderError, StoreError) as error:  # the server says it again
            self._problems.report("store", message_of(error))
        return answer

    def _may_call(self) -> bool:
        return not self._stopping.is_set() and time.monotonic() >= self._not_before

    async def _call(self, work: Callable[[], Result], answered: Callable[[Result], bool] = lambda _: True) -> Result | None:
        """Return what `work` answers, or None; trouble is reported as a problem and decides when the server is asked again.

        `answered` tells of a result whether the server was asked for it at all.
        """
        try:
            result = await abandonable(work)
        except HostingError as error:
            self._failures += 1
            self._not_before = time.monotonic() + pause_after(error, self._failures)
            self._last_error = message_of(error)
            if self._quiet or error.code in QUIET:
                await self._be_quiet(error)
            else:
                self._problems.report("hosting", message_of(error))
            return None
        except (DataFolderError, StoreError) as error:
            self._problems.report("store", message_of(error))
            return None
        if answered(result):
            await self._contact()
        return result

    async def _be_quiet(self, error: HostingError) -> None:
        """Leave the server alone from now on, or go on leaving it alone, but for one check-in a day."""
        now, before = utc_now(), self._quiet
        if isinstance(error, RefusedError) and error.code in QUIET:
            self._problems.clear("hosting")
            quiet = Quiet.after(error, now, before)
        elif before:
            self._problems.report("hosting", message_of(error))
            quiet = before.postponed(now)
        else:
            return
        self._problems.report(QUIET_PROBLEM, quiet.sentence())
        await self._keep_quiet(quiet)

    async def _keep_quiet(self, quiet: Quiet | None) -> None:
        self._quiet = quiet
        try:
            await asyncio.to_thread(keep_quiet, self._settings, quiet)
        except (SettingsError, DataFolderError) as error:
            log.warning("whether the hosting server is to be left alone was not kept", reason=str(error))

    async def _contact(self) -> None:
        """Note that the server answered as it should."""
        self._failures, self._not_before = 0, 0.0
        self._last_contact_at, self._last_error = utc_now(), None
        self._problems.clear("hosting")
        if self._quiet:
            self._problems.clear(QUIET_PROBLEM)
            await self._keep_quiet(None)

    def _insecurity(self) -> str | None:
        """Return the standing warning about a connection others could listen to, or None."""
        client = self._client
        if client is None or not client.insecure:
            return None
        if client.url.startswith("https://"):
            return Message(
                "The certificate of the hosting server %(url)s is not checked (hosting.verify_tls is off): "
                "anyone on the way could pose as it. Name its certificate authority in hosting.ca_file and "
                "switch hosting.verify_tls on.",
                url=client.url,
            )
        return Message(
            "Readings go to %(url)s without encryption: anyone on the way can read them. Ask the hosting "
            "team for an https:// address.",
            url=client.url,
        )


def way_to_server(settings: Settings) -> tuple[object, ...]:
    """Return those of the settings after whose change the hosting server has to be connected anew."""
    return (settings.hosting.url, ConnectionSettings.from_settings(settings.hosting))
