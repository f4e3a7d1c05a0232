"""One installation, from the decision to the hand-over to the switcher: every step before anything is changed.

- What is offered is verified anew at the beginning, and once more before the hand-over: what was withdrawn or paused while it was
  fetched is not installed.
- Whatever fails leaves the container as it was; what was fetched is there for the next time.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.message import Message, sentences
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.release import HealthGateTimes, Release
from appliance.settings.store import SettingsStore
from updater.engine.capability import NOT_YET_KNOWN
from updater.engine.container_spec import Json, successor
from updater.engine.engine import Engine
from updater.engine.labels import ROLE_LABEL, TRANSACTION_LABEL
from updater.engine.own_container import MOUNT_INFO
from updater.engine.probe import network_warning, probe
from updater.errors import NotInstalledError
from updater.installation import image_transfer, preflight
from updater.installation.free_space import engine_disk, require_room
from updater.installation.sources import InstallOffer, Seen
from updater.records.journal import FINISHED, Journal, Old, Transaction
from updater.records.progress import ProgressFile, Stage
from updater.releases.decision import ImageDecision, own_platform
from updater.releases.rules import installed_counter
from updater.replacement import handover

log = structlog.get_logger()

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be installed, and for whom."""

    by: str
    """The account, `console` or `auto`."""
    version: str = ""
    """Only this one, at once; empty: what is due."""
    bundle: Path | None = None
    allow_expired: bool = False
    back: bool = False


@dataclass(frozen=True, slots=True)
class UnsignedRelease:
    """An earlier version that no list of releases names any more, with the counter it once had; 0 where that is not known."""

    version: str
    counter: int


class Installation:
    """One run. Every step raises DcaError or OSError; nothing has changed then."""

    def __init__(
        self,
        paths: Paths,
        store: SettingsStore,
        engine: Engine,
        order: Order,
        *,
        transaction: str,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """`transaction` is 12 hexadecimal digits."""
        self.paths = paths
        self.store = store
        self.engine = engine
        self.order = order
        self.transaction = transaction
        self.to_version = order.version
        """What is installed, as soon as it is known."""
        self.own: Json = {}
        """The container that is replaced, as soon as it is known."""
        self._environment = environment
        self._found = NOT_YET_KNOWN
        paths.update.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._progress = ProgressFile(paths.update, transaction)

    @property
    def reference(self) -> str:
        """What the user calls the image by."""
        return str(self.own["Config"]["Image"])

    def prepare(self) -> None:
        """Look whether this container can be replaced now."""
        before = Journal(self.paths.update).read()
        if before is not None and before.phase not in FINISHED:
            raise NotInstalledError(
                "under way",
                Message(
                    "The update to version %(to_version)s has not ended (%(phase)s).",
                    to_version=before.to_version,
                    phase=before.phase,
                ),
                refused=True,
            )
        self._tell("checking", "what is offered")
        self._found = probe(self._environment)
        if self._found.state != "possible":
            raise NotInstalledError("cannot", self._found.text, refused=True)
        self.own = self.engine.own_container()

    def install(self) -> None:
        """Install what is due, or what was asked for, up to the hand-over."""
        self.prepare()
        with InstallOffer(
            self.paths, self.store, own_platform(), self.order.bundle, also_expired=self.order.allow_expired
        ) as offer:
            seen, release = self._due(offer)
            image = self.obtain(offer, seen, release)
            self.try_out(image)
            received = self._still_due(offer, release).received
            counter = installed_counter(received.catalogue, installed_version(), received.floor)
            # Where nothing is signed in time, no version can be measured by what it hears from the hosting server.
            transaction = self.transaction_for(image, release, counter, "" if offer.overlooked else offer.hosting_url)
            if self.order.bundle:
                offer.keep(seen)
            said = Message("Its bundle had expired, and was taken because a person has said so.") if offer.overlooked else ""
            self.begin(replace(transaction, text=sentences(said, transaction.text)))

    def _due(self, offer: InstallOffer) -> tuple[Seen, Release]:
        """Return what is to be installed now. Raises NotInstalledError where it is not to be."""
        seen = offer.look()
        if not self.order.bundle:
            offer.keep(seen)
        wanted = offer.brought or self.order.version
        self.to_version = wanted
        settings = self.store.effective().settings
        deciding = ImageDecision(self.paths, self.store, lambda: settings, lambda: self._found)
        decision = deciding.about(seen.received, wanted or None, brought=bool(offer.brought))
        release = decision.release if decision else None
        text = decision.text if decision else Message("The hosting team offers no version.")
        if wanted and wanted == installed_version():
            raise NotInstalledError("installed", Message("Version %(wanted)s is installed already.", wanted=wanted), refused=True)
        if decision is None or release is None or wanted not in ("", release.version):
            about = Message("Version %(wanted)s is not offered to this site. ", wanted=wanted) if wanted else ""
            raise NotInstalledError("not offered", about + text, refused=True)
        self.to_version = release.version
        if decision.state != "due":
            raise NotInstalledError(decision.waits[0], text, refused=True)
        return seen, release

    def _still_due(self, offer: InstallOffer, release: Release) -> Seen:
        seen, again = self._due(offer)
        if again != release:
            self.to_version = release.version
            raise NotInstalledError(
                "changed",
                Message(
                    "What the hosting team says of version %(version)s has changed while it was fetched.", version=release.version
                ),
                refused=True,
            )
        return seen

    def obtain(self, offer: InstallOffer, seen: Seen, release: Release) -> str:
        """Return the id of the image, in the engine and verified."""
        name = own_platform()
        platform = release.platforms[name]
        target = seen.archives.get(platform.archive or "")
        disk = engine_disk(MOUNT_INFO.read_text(encoding="utf-8", errors="replace"))

        def fetch() -> Path:
            assert target is not None
            require_room(platform.size, target.length, data=self.paths.data, engine=disk)
            return offer.fetch(target, self._progress.of("downloading"))

        if self.engine.image(platform.config) is None:
            require_room(platform.size, 0, data=self.paths.data, engine=disk)
        self._tell("downloading", f"version {release.version}")
        image = image_transfer.obtain(
            self.engine,
            release,
            name,
            reference=self.reference,
            archive=fetch if target else None,
            progress=self._progress,
            # Who brings a bundle does not want to go out for it.
            pull=not offer.brought,
        )
        offer.drop_archives()
        return image

    def try_out(self, image: str) -> None:
        """Let the new version test itself. Raises NotInstalledError when it cannot take over here."""
        self._tell("preflight", "the new version tests itself")
        outcome = preflight.run(
            self.engine, image, self.own, self.paths, transaction=self.transaction, environment=self._environment
        )
        if outcome.reason == "damaged":
            image_transfer.discard(self.engine, image, self.reference)
        if not outcome.ok:
            raise NotInstalledError(outcome.reason, outcome.text, log=outcome.log)

    def transaction_for(self, image: str, release: Release | UnsignedRelease, counter: int, hosting_url: str) -> Transaction:
        """Return what the switcher is to do; `counter` is that of the present version."""
        self._tell("preparing", "the new container")
        api = self.engine.version().api
        old, new = self.engine.image(str(self.own["Image"])), self.engine.image(image)
        if new is None:
            raise NotInstalledError("image gone", Message("The image of the new version was removed while it was being prepared."))
        labels = {ROLE_LABEL: "main", TRANSACTION_LABEL: self.transaction}
        spec = successor(self.own, old or {}, new, reference=self.reference, labels=labels, api=api)
        signed: tuple[str, ...] = ()
        gate, to_release = HealthGateTimes(), {"version": release.version, "counter": release.counter}
        if isinstance(release, Release):
            signed = image_transfer.expected_digests(release, own_platform())
            gate, to_release = release.gate, release.to_json()
        return Transaction(
            transaction=self.transaction,
            phase="prepared",
            started_at=to_rfc3339(utc_now()),
            by=self.order.by,
            from_version=installed_version(),
            from_counter=counter,
            to_release=to_release,
            old=Old(str(self.own["Id"]), spec.name, str(self.own["Image"]), self.reference, self.own),
            new_image_id=str(new["Id"]),
            expected_digests=tuple(dict.fromkeys([*signed, str(new["Id"])])),
            spec=spec,
            restart_policy=spec.restart_policy,
            api=api,
            hosting_url=hosting_url,
            gate=gate,
            text=network_warning(sharing) if (sharing := self.engine.sharing_network(self.own)) else "",
        )

    def begin(self, transaction: Transaction) -> None:
        """Hand over to the switcher."""
        self._tell("switching", f"to version {transaction.to_version}")
        handover.begin(self.engine, self.paths, transaction)

    def _tell(self, stage: Stage, text: str) -> None:
        log.info("An installation is under way.", stage=stage, text=text, transaction=self.transaction)
        self._progress.tell(stage, text)
