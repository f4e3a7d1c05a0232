"""An appliance in a container that follows a repository of a test, and can install what is released there."""

import gzip
import io
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

from appliance.common.version import installed_version
from appliance.release import HealthGateTimes, Platform, Release
from tests.children import wait_until
from tests.engine.derived import Variant, derive
from tests.ports import free_port
from tests.updater.configured import ConfiguredSite
from tests.updater.releasing import PUBLISHED_AT, Releases

UID = 10001
NEXT = "0.2.0"
END_SECONDS = 300.0
SECOND = 1_000_000_000
HEALTH = {"test": ["CMD", "dca", "health"], "interval": 2 * SECOND, "start_period": 120 * SECOND, "retries": 5}
"""Sooner than that of the image, and as patient."""
INSTALL = ("python3", "-P", "-m", "updater", "install", "--by")


@dataclass(frozen=True, slots=True)
class Image:
    """An image that was made to be released."""

    reference: str
    id: str
    size: int


class InstalledSite:
    """The appliance runs with the networks of this machine, so that it reaches the servers of the test."""

    def __init__(self, engine: docker.DockerClient, image: str, site: ConfiguredSite) -> None:
        self.engine = engine
        self.site = site
        self.releases = Releases(site.repository)
        self.mark = f"dca-install-{uuid.uuid4().hex[:8]}"
        self._base = image
        self._port = free_port()
        self._images: list[str] = []
        site.store.change_site({"update": {"level": "notify"}})

    def start(self, **options: Any) -> None:
        """Start the version that is installed, and wait until it is healthy."""
        self.engine.images.get(self._base).tag(self.mark, "stable")
        self.releases.releases.append(self.described(installed_version(), 1, self.image("stable")))
        self.give_data()
        volumes = {str(self.site.paths.data): {"bind": "/data"}, self.socket: {"bind": "/var/run/docker.sock"}}
        given: dict[str, Any] = {
            "name": self.mark,
            "network_mode": "host",
            "read_only": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"],
            "tmpfs": {"/tmp": "mode=1777", "/run/dca": f"uid={UID},gid={UID},mode=0700"},
            "volumes": volumes,
            "group_add": [str(Path(self.socket).stat().st_gid)],
            "environment": {"DCA_WEB_PORT": str(self._port)},
            "restart_policy": {"Name": "unless-stopped"},
            "healthcheck": HEALTH,
        }
        self.engine.containers.run(f"{self.mark}:stable", detach=True, **given | options)
        wait_until("the appliance is healthy", lambda: self.main.health == "healthy", 120)

    def give_data(self) -> None:
        """Let the user of the container own the data folder, and what is in it."""
        data = self.site.paths.data
        for path in (data, *data.rglob("*")):
            os.chown(path, UID, UID, follow_symlinks=False)

    @property
    def socket(self) -> str:
        """The socket of the engine on this host."""
        return os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")

    @property
    def main(self) -> Container:
        return self.engine.containers.get(self.mark)

    @property
    def version(self) -> str:
        return self.say("from appliance.common.version import installed_version as v; print(v())").strip()

    @property
    def history(self) -> list[dict[str, Any]]:
        file = self.site.paths.update / "history.json"
        return list(json.loads(file.read_text())) if file.exists() else []

    def say(self, code: str) -> str:
        ran: Any = self.main.exec_run(["python3", "-P", "-c", code])
        assert ran.exit_code == 0, ran.output.decode()
        return str(ran.output.decode())

    def make(self, version: str = NEXT, variant: Variant = "good") -> Image:
        """Make an image of a version."""
        tag = f"made-{version}"
        derive(self.engine, f"{self.mark}:{tag}", version=version, variant=variant, base=self._base)
        return self.image(tag)

    def image(self, tag: str) -> Image:
        attributes = self.engine.images.get(f"{self.mark}:{tag}").attrs
        return Image(f"{self.mark}:{tag}", str(attributes["Id"]), int(attributes["Size"]))

    def described(self, version: str, counter: int, image: Image, *, archive: bool = True, **changes: Any) -> Release:
        """Return the release of an image that comes as an archive."""
        path = f"release/{version}-linux-amd64.tar.gz" if archive else None
        platform = Platform(image.id, image.size, changes.pop("manifest", None), path)
        values: dict[str, Any] = {"notes": f"Notes of {version}.", "gate": HealthGateTimes(180, 2)} | changes
        return Release(version, counter, PUBLISHED_AT, {"linux/amd64": platform}, **values)

    def archive(self, image: Image, *, forget: bool = True) -> bytes:
        """Return what `docker save` makes of an image; with `forget`, the engine does not have it any more."""
        api: Any = self.engine.api
        content = io.BytesIO()
        with gzip.GzipFile(fileobj=content, mode="wb", compresslevel=1) as packed:
            for piece in api.get_image(image.reference):
                packed.write(piece)
        if forget:
            self.engine.images.remove(image.reference)
        return content.getvalue()

    def install(self, *words: str, by: str = "console") -> dict[str, Any]:
        """Run the installer inside the appliance, and return its answer."""
        ran: Any = self.main.exec_run([*INSTALL, by, *words], demux=True)
        out, log = (part.decode() if part else "" for part in ran.output)
        assert ran.exit_code == 0, log
        return dict(json.loads(out))

    def installed(self, *words: str, **options: str) -> dict[str, Any]:
        """Install, wait until the switch has ended, and return the newest row of history."""
        answer = self.install(*words, **options)
        assert answer["what"] == "switching", answer
        self.wait_end()
        row = self.history[0]
        assert row["transaction"] == answer["transaction"], self.history
        return row

    def wait_end(self) -> None:
        """Wait until the switcher is gone, and the appliance is healthy."""

        def ended() -> bool:
            with suppress(docker.errors.NotFound):
                self.engine.containers.get(f"{self.mark}-updater")
                return False
            with suppress(docker.errors.NotFound):
                return self.main.health == "healthy"
            return False

        wait_until("the switch has ended", ended, END_SECONDS)

    def leftovers(self) -> list[str]:
        """Return what a run of the installer has left of files and containers that it should not."""
        names = [str(one.name) for one in self.engine.containers.list(all=True, ignore_removed=True)]
        found = [name for name in names if name.startswith(f"{self.mark}-")]
        for folder in ("images", "bundle"):
            found += [str(path) for path in (self.site.paths.update / folder).glob("*")]
        return found

    def remove(self) -> None:
        for container in self.engine.containers.list(all=True, ignore_removed=True):
            if (container.name or "").startswith(self.mark):
                container.remove(force=True, v=True)
        for image in self.engine.images.list():
            for tag in image.tags:
                if tag.startswith(f"{self.mark}:"):
                    self.engine.images.remove(tag, force=True)


def running(engine: docker.DockerClient, image: str, site: ConfiguredSite) -> Iterator[InstalledSite]:
    """Yield an installed appliance; all of it goes afterwards."""
    made = InstalledSite(engine, image, site)
    try:
        made.start()
        yield made
    finally:
        made.remove()
