"""`python -m updater receive`: one check for signed configuration and versions, in a process of its own. Its result is JSON.

It is the only process that speaks to the repository and loads the TUF library. Killed anywhere, it leaves the old configuration
in force or the new one, whole: texts of definitions are there before the one write that refers to them.
"""

import argparse
import contextlib
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import DataFolderError, DcaError, SettingsError
from appliance.common.files import to_json, write_atomic
from appliance.common.log import configure_logging
from appliance.common.message import Message, message_of
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.settings.configuration_state import Configuration
from appliance.settings.document import (
    GLOBAL_PATH,
    DocumentError,
    group_path,
    site_path,
)
from appliance.settings.layers import GuardrailError
from appliance.settings.presentation import difference
from appliance.settings.store import SettingsStore
from updater.configuration.documents import document_at, group_of, site_client
from updater.configuration.installed import committed
from updater.configuration.releases import receive_releases
from updater.configuration.rules import CheckResult, Offer, configuration_of, describe, marker_of, next_step
from updater.errors import Reason, TrustError, UntrustedError
from updater.records import offered
from updater.records.journal import Journal
from updater.trust.client import Repository, file_name
from updater.trust.folder import folder_errors
from updater.trust.http_source import Fetcher, FetchLimits
from updater.trust.origin import followed


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--marker", default="", help="what the hosting server says is there")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    # Standard output is for the result.
    configure_logging("update", level="WARNING", stream=sys.stderr)
    paths = Paths.from_environment()
    result = check(paths, SettingsStore(paths.settings), options.marker)
    print(to_json(result.to_json()).decode())
    return 0


def check(
    paths: Paths,
    store: SettingsStore,
    told: str = "",
    *,
    limits: FetchLimits | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> CheckResult:
    """Fetch what the repository has for this site, and put it into force on trial when it is new and fits. Never raises DcaError.

    `told` is the marker that the hosting server named.
    """
    try:
        settings = store.effective().settings
        if settings.update.level == "off":
            return CheckResult("off", Message("The intelligent update is off (update.level): nothing is fetched."))
        fetcher = Fetcher(settings.hosting, limits or FetchLimits(maximum_rate=1000.0 * settings.update.kilobytes_per_second))
        return _Check(paths, store, told, fetcher=fetcher, url=settings.hosting.url, clock=clock).run()
    except DcaError as error:
        kinds = {SettingsError: "settings", DataFolderError: Reason.FOLDER}
        reason = next((word for kind, word in kinds.items() if isinstance(error, kind)), "not enrolled")
        return CheckResult("failed", message_of(error), reason)


class _Check:
    """One check at one repository."""

    def __init__(
        self, paths: Paths, store: SettingsStore, told: str, *, fetcher: Fetcher, url: str, clock: Callable[[], datetime]
    ) -> None:
        """`url` is that of `hosting.url`, empty where it is not set."""
        self._paths = paths
        self._store = store
        self._told = told
        self._followed = followed(store)
        self._url = url or self._followed.url
        self._folder = paths.repository(self._followed.root_sha256)
        self._own_path = site_path(self._followed.site_id)
        self._documents = self._folder / "documents"
        self._fetcher = fetcher
        self._clock = clock

    def run(self) -> CheckResult:
        """Return how it went."""
        try:
            result = self._receive()
        except TrustError as error:
            result = self._untrusted(error)
        except DataFolderError as error:
            result = CheckResult("failed", message_of(error), Reason.FOLDER)
        return CheckResult(result.what, result.text, result.reason, result.marker, self._fetcher.traffic)

    def _receive(self) -> CheckResult:
        with site_client(self._paths, self._followed, self._fetcher, f"{self._url}/tuf", self._clock) as client:
            repository = client.refresh()
            result = self._receive_configuration(repository)
            self._receive_releases(repository)
            return result

    def _receive_configuration(self, repository: Repository) -> CheckResult:
        offers: list[Offer] = []
        try:
            self._collect(repository, offers)
            return self._decide(offers)
        except DocumentError as error:
            return self._refuse(offers, error.reason, message_of(error), whole=False)
        finally:
            self._tidy(offers)

    def _receive_releases(self, repository: Repository) -> None:
        """Keep what is offered to this site, where it wants to know."""
        update = self._store.effective().settings.update
        if update.level not in ("notify", "auto"):
            return
        before = offered.read(self._paths.update)
        try:
            received = receive_releases(
                repository,
                self._folder / "releases",
                channel=update.channel,
                group=group_of(repository, self._followed.site_id, self._documents),
                installed=committed(Journal(self._paths.update).read(), installed_version()),
                before=before,
                now=utc_now(),
            )
        except TrustError as error:
            received = replace(before or offered.Offered(to_rfc3339(utc_now())), problem=message_of(error))
        # On a full disk what was offered before stays; the health check tells of the disk.
        with contextlib.suppress(OSError):
            offered.write(self._paths.update, received)

    def _collect(self, repository: Repository, offers: list[Offer]) -> None:
        """Put into `offers` what the repository has for this site, in rising order. Raises DocumentError, TrustError."""
        offers += document_at(repository, "global", GLOBAL_PATH, self._documents)
        assigned = list(document_at(repository, "assigned", self._own_path, self._documents))
        offers += assigned
        for offer in assigned:
            if group := offer.document().group:
                offers[-1:-1] = document_at(repository, "group", group_path(group), self._documents)

    def _decide(self, offers: list[Offer]) -> CheckResult:
        """Do what the rules say. Raises DocumentError, TrustFolderError, DataFolderError."""
        now, offered = utc_now(), marker_of(offers)
        step = next_step(self._store.received(), offered)
        if step == "judge":
            return self._judge(offers, now)
        if step == "settle":
            self._store.change_received(lambda received: received.settled(offered))
        return CheckResult("unchanged", Message("There is no new configuration."), marker=offered)

    def _judge(self, offers: list[Offer], now: datetime) -> CheckResult:
        try:
            configuration, texts = configuration_of(offers, now)
            after = self._store.effective_with(configuration)
        except DocumentError as error:
            return self._refuse(offers, error.reason, message_of(error))
        except GuardrailError as error:
            return self._refuse(offers, "guardrail", message_of(error))
        except SettingsError as error:
            return self._refuse(offers, "invalid", message_of(error))
        changes = [change for change in difference(self._store.effective(), after) if not change[0].startswith("guardrails.")]
        changes += self._definitions_changed(configuration)
        self._keep_texts(texts)
        text = Message(
            "New configuration is in force (%(configuration)s), and is being watched.", configuration=describe(configuration)
        )
        self._store.change_received(lambda received: received.applied(configuration, text, changes, now))
        return CheckResult("applied", text, marker=configuration.marker)

    def _definitions_changed(self, configuration: Configuration) -> list[tuple[str, str, str]]:
        in_force = self._store.received().in_force
        before, after = in_force.definitions() if in_force else {}, configuration.definitions()
        return [
            (f"definition {name}", before.get(name, "-")[:12], after.get(name, "-")[:12])
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        ]

    def _keep_texts(self, texts: dict[str, bytes]) -> None:
        folder = self._paths.received_definitions
        with folder_errors(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for sha256, content in texts.items():
                file = folder / f"{sha256}.toml"
                if not file.exists() or file.read_bytes() != content:
                    write_atomic(file, content)

    def _refuse(self, offers: list[Offer], reason: str, text: str, *, whole: bool = True) -> CheckResult:
        """Note a refusal. Where what is offered is not `whole`ly known, it goes by the marker that the hosting server named."""
        offered = marker_of(offers) if whole or not self._told else self._told
        layers = [(offer.path, offer.told_version, offer.sha256) for offer in offers]
        self._store.change_received(lambda received: received.refused(offered, reason, text, layers, utc_now()))
        return CheckResult("refused", text, reason, offered)

    def _untrusted(self, error: TrustError) -> CheckResult:
        """Note that nothing could be fetched or verified."""
        # Two checks at once: the other one says how it went.
        what: Literal["refused", "failed"] = "refused" if isinstance(error, UntrustedError) else "failed"
        if error.reason is not Reason.BUSY:
            with contextlib.suppress(DataFolderError):  # a full disk: then the supervisor alone tells
                self._store.change_received(lambda received: received.failed(what, error.reason, message_of(error), utc_now()))
        return CheckResult(what, message_of(error), error.reason)

    def _tidy(self, offers: list[Offer]) -> None:
        """Remove documents that are offered no more, and definitions that nothing refers to. What is left over harms nobody."""
        current = {file_name(offer.path) for offer in offers}
        with contextlib.suppress(OSError, DcaError):
            needed = {f"{sha256}.toml" for sha256 in self._store.received().hashes()}
            _keep_only(self._documents, current)
            _keep_only(self._paths.received_definitions, needed)


def _keep_only(folder: Path, names: set[str]) -> None:
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.name not in names:
            entry.unlink()
