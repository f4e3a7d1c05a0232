"""A site that receives signed configuration from a real repository over HTTP."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Delegations, SuccinctRoles, Targets

from appliance.common.clock import utc_now
from appliance.common.paths import Paths
from appliance.settings.configuration_state import Configuration, Received
from appliance.settings.document import GLOBAL_PATH, Document, group_path, site_path, write_document
from appliance.settings.store import SettingsStore
from tests.forked import run_forked
from updater.configuration.rules import CheckResult
from updater.trust.folder import TrustFolder

from .tuf_repository import RepositoryServer, TufRepository, in_days, serving

SITE_ID = "5f0c2b1e"
OTHER_SITE_ID = "77aa01cd"
RECEIVE = ["-m", "updater", "receive"]


class ConfigRepository(TufRepository):
    """With the roles for configuration: one for global and groups, and bins for the sites."""

    def __init__(self) -> None:
        super().__init__()
        self.delegate("targets", {"globalcfg": "config/g*/*", "config": "config/site/*"}, CryptoSigner.generate_ed25519())
        signer = CryptoSigner.generate_ed25519()
        bins = SuccinctRoles([signer.public_key.keyid], 1, 2, "site")
        self.delegated["config"].delegations = Delegations({signer.public_key.keyid: signer.public_key}, succinct_roles=bins)
        for name in bins.get_roles():
            self.delegated[name] = Targets(expires=in_days(14))
            self.signers[name] = [signer]
        self.bins = bins
        self.publish()

    def put(self, path: str, content: bytes, **custom: Any) -> str:
        """Sign for a document at the next `publish`; return its role."""
        role = self.bins.get_role_for_target(path) if path.startswith("config/site/") else "globalcfg"
        self.add_target(path, content, role, **custom)
        return role

    def remove(self, path: str) -> None:
        for targets in self.delegated.values():
            targets.targets.pop(path, None)


class ConfiguredSite:
    """The data folder of a site, and what its hosting server publishes."""

    def __init__(self, folder: Path, repository: ConfigRepository, server: RepositoryServer) -> None:
        self.paths = Paths(data=folder, run=folder / "run")
        self.paths.prepare()
        self.store = SettingsStore(self.paths.settings, {})
        self.repository = repository
        self.server = server
        self.enrol()
        self._version = 0

    def enrol(self) -> None:
        root = self.repository.trusted_root
        sha256 = hashlib.sha256(root).hexdigest()
        row = {"url": self.server.url, "site_id": SITE_ID, "enrolled_at": "2026-11-25T10:00:00Z", "root_sha256": sha256}
        self.store.change_documents("enrolment", lambda _rows: [row])
        self.trust = self.paths.repository(sha256)
        TrustFolder(self.trust).keep_bootstrap(root)

    def publish(
        self,
        settings: dict[str, Any] | None = None,
        *,
        layer: str = "assigned",
        group: str | None = None,
        definitions: dict[str, str] | None = None,
    ) -> bytes:
        """Publish a document with these settings."""
        self._version += 1
        document = write_document(Document(self._version, settings or {}, definitions or {}, group))
        self.publish_content(document, {"assigned": site_path(SITE_ID), "global": GLOBAL_PATH}.get(layer, group_path(layer)))
        return document

    def publish_content(self, content: bytes, path: str = site_path(SITE_ID)) -> None:
        self.repository.put(path, content, version=self._version)
        self.repository.publish()

    def target_file(self) -> str:
        """Return the path of the newest document of the site on the server."""
        return [path for path in self.server.files if path.endswith(f".{SITE_ID}.json")][-1]

    @property
    def environment(self) -> dict[str, str]:
        return {"DCA_DATA_DIR": str(self.paths.data), "DCA_RUN_DIR": str(self.paths.run)}

    def check(self, told: str = "") -> CheckResult:
        """Check in a process of its own, as the supervisor does."""
        finished = run_forked("updater", [*RECEIVE, *(["--marker", told] if told else [])], environment=self.environment)
        assert (finished.returncode, finished.stderr) == (0, ""), finished
        return CheckResult.from_json(json.loads(finished.stdout))

    def keep(self) -> None:
        """End the trial well, as the supervisor does."""
        self.store.change_received(lambda received: received.kept("kept", utc_now()))

    def begin_with(self, settings: dict[str, Any]) -> Configuration:
        """Receive a first configuration, and keep it; return it."""
        self.publish(settings)
        result = self.check()
        assert result.what == "applied", result
        self.keep()
        return self.in_force

    @property
    def received(self) -> Received:
        return self.store.received()

    @property
    def in_force(self) -> Configuration:
        in_force = self.received.in_force
        assert in_force is not None
        return in_force

    def files(self) -> dict[str, int]:
        """Return all files of the data folder with their sizes, without the metadata, which changes."""
        found = (path for path in self.paths.data.rglob("*") if path.is_file() and path.suffix != ".lock")
        return {str(path.relative_to(self.paths.data)): path.stat().st_size for path in found}


def configured(folder: Path) -> Iterator[ConfiguredSite]:
    """Yield a site whose repository has published no configuration yet."""
    repository = ConfigRepository()
    with serving(repository.files) as server:
        yield ConfiguredSite(folder, repository, server)
