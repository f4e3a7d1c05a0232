"""A supervisor to which a version is offered, with an engine that could install it and an installer that notes what it is told."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.common.clock import utc_now
from appliance.common.files import to_json, write_atomic
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.release import parse_catalogue, parse_rollout
from appliance.settings.store import SettingsStore
from updater.engine.container_spec import Json
from updater.records.journal import Journal, Old, Phase, Transaction
from updater.records.offered import Offered, write

from .harness import Appliance, wait_until

INSTALLER = Path(__file__).with_name("installer.py")
SITE_ID = "site-7"
DIGEST = "sha256:" + "a" * 64
NEXT = "9.9.0"
MARKER = "0123456789abcdef"


class Offering:
    """What stands in the data folder of an appliance to which versions are offered."""

    def __init__(self, paths: Paths, settings: SettingsStore) -> None:
        self.update = paths.update
        self.update.mkdir(exist_ok=True)
        row = {"url": "http://127.0.0.1:9", "site_id": SITE_ID, "enrolled_at": "2026-11-25T10:00:00Z", "root_sha256": "ab" * 32}
        settings.change_documents("enrolment", lambda _rows: [row])

    def offer(self, version: str = NEXT, percent: int = 100, **of_release: Any) -> None:
        """Let a check have received the offer of a version, as `receive` keeps it."""
        platform = {"manifest": DIGEST, "config": DIGEST, "size": 1000, "archive": None}
        installed = _release(installed_version(), 1, platform)
        offer = {"version": version, "counter": 2, "percent": percent, "seed": "s", "not_before": None, "paused": False}
        releases = [installed, _release(version, 2, platform) | of_release] if version else [installed]
        catalogue = parse_catalogue(to_json({"format": 1, "channel": "stable", "releases": releases}))
        channel = {"default": offer if version else None, "groups": {}, "sites": {}}
        rollout = parse_rollout(to_json({"format": 1, "version": 1, "channels": {"stable": channel}}))
        write(self.update, Offered("2026-11-25T10:00:00Z", MARKER, catalogue, rollout))

    def transaction(self, phase: Phase, to_version: str = NEXT, **changes: Any) -> Transaction:
        """Put a replacement into the journal, as the installer and the switcher do."""
        platform = {"manifest": DIGEST, "config": DIGEST, "size": 1000, "archive": None}
        transaction = replace(
            Transaction(
                transaction="ab" * 6,
                phase=phase,
                started_at="2026-11-25T10:00:00Z",
                by="auto",
                from_version="0.0.1",
                from_counter=1,
                to_release=_release(to_version, 2, platform),
                old=Old("1" * 64, "dca", "sha256:1", "dca/appliance:stable", {}),
                new_image_id="sha256:2",
                expected_digests=(DIGEST,),
                spec=None,
                restart_policy={},
                api=(1, 50),
                hosting_url="",
            ),
            **changes,
        )
        Journal(self.update).write(transaction)
        return transaction

    def progress(self, stage: str, percent: int | None) -> None:
        """Tell how far an installation is, as whoever works on it does."""
        said = {"transaction": "ab" * 6, "stage": stage, "percent": percent, "text": "", "at": "2026-11-25T10:00:00Z"}
        write_atomic(self.update / "progress.json", to_json(said))


class OfferedTo(Offering):
    """A running appliance, and what is offered to it."""

    def __init__(self, appliance: Appliance) -> None:
        super().__init__(appliance.paths, appliance.settings)
        self.appliance = appliance
        self.folder = appliance.paths.data

    def start(self, *components: Json, engine: str = "possible", times: Json | None = None, **plan: Any) -> None:
        """Start the supervisor; `times` are those of its plan."""
        found = json.dumps({"state": engine, "text": "So it is.", "api_version": "1.50"})
        installer = [sys.executable, str(INSTALLER), str(self.folder)]
        self.appliance.start(
            *components,
            **{
                "engine_command": ["echo", found],
                "image_commands": {
                    "install": [*installer, "install"],
                    "tidy": [*installer, "tidy"],
                    "cancel": [*installer, "cancel"],
                },
                "times": {"install_wait_seconds": 0.0, "install_retries": {"first": 3600.0}, "refresh_start_seconds": 3600.0}
                | (times or {}),
            }
            | plan,
        )
        # The engine is asked by itself only after a while.
        self.appliance.call("POST", "/v1/reload")
        wait_until(lambda: self.told["image_updates"] == engine)

    @property
    def told(self) -> Json:
        """What the control API says."""
        return self.appliance.call("GET", "/v1/update")

    @property
    def image(self) -> Json:
        return dict(self.told["image"])

    def settings(self, **fields: Any) -> None:
        """Set what the site says about updates."""
        self.appliance.settings.change_site({"update": fields})
        if self.appliance.process:
            self.appliance.call("POST", "/v1/reload")

    def offer(self, version: str = NEXT, percent: int = 100, **of_release: Any) -> None:
        """Let a check have received the offer, and let the supervisor look at it."""
        super().offer(version, percent, **of_release)
        if self.appliance.process:
            self.appliance.call("POST", "/v1/reload")

    def answers(self, what: str, text: str = "So it is.") -> None:
        """Let the installer end so."""
        write_atomic(self.folder / "answer", to_json({"what": what, "transaction": "ab" * 6, "reason": "", "text": text}))

    def runs(self, word: str = "install") -> list[str]:
        """Return with what words the installer was run."""
        file = self.folder / "runs"
        lines = file.read_text().splitlines() if file.exists() else []
        return [line.removeprefix(f"{word} ") for line in lines if line.split()[0] == word]

    def installed(self) -> list[str]:
        """Wait until the installer was run, and return with what words."""
        return wait_until(self.runs)


def _release(version: str, counter: int, platform: Json) -> Json:
    return {
        "version": version,
        "counter": counter,
        "published_at": to_text(),
        "notes": f"Notes of {version}.",
        "repository": "registry.example.com/dca/appliance",
        "index": DIGEST,
        "platforms": {"linux/amd64": platform, "linux/arm64": platform},
        "min_engine_api": "1.41",
        "min_version": None,
        "switcher": "old",
        "gate": {"deadline_seconds": 180, "steady_seconds": 60},
        "allow_downgrade_from": None,
        "late_rollback": False,
        "extra": {},
    }


def to_text() -> str:
    """Return a moment of publication."""
    return f"{utc_now():%Y-%m-%d}T00:00:00Z"
