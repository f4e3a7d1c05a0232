"""The preflight of a new image on a real engine: what is fit passes, and what is not is told, each thing in its own words."""

import os
import shutil
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.paths import Paths
from appliance.settings.configuration_state import Configuration, ReceivedLayer
from appliance.settings.store import SettingsStore
from appliance.store.schema import MIGRATIONS
from appliance.store.store import Store
from tests.children import wait_until
from tests.conftest import StartChild
from tests.engine.conftest import ROOT
from tests.engine.derived import DAMAGED_FILE, Variant, derive
from updater.engine.engine import Engine
from updater.errors import PreflightError
from updater.installation import preflight
from updater.installation.preflight import Preflight

ImageOf = Callable[[Variant], str]
MakeMain = Callable[..., dict[str, Any]]
Look = Callable[..., Preflight]
DEFINITION = ROOT / "appliance" / "definitions" / "hp.toml"


@pytest.fixture(scope="module")
def image_of(engine: docker.DockerClient, appliance_image: str) -> Iterator[ImageOf]:
    """Yield a function that gives the reference of an image that is the next version, made once for each variant."""
    mark = f"dca-preflight-{uuid.uuid4().hex[:8]}"
    made: dict[Variant, str] = {}

    def give(variant: Variant) -> str:
        if variant not in made:
            tag = f"{mark}:{variant.replace(' ', '-')}"
            derive(engine, tag, version="0.2.0", variant=variant, base=appliance_image)
            made[variant] = tag
        return made[variant]

    yield give
    for tag in made.values():
        engine.images.remove(tag, force=True)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(data=tmp_path / "data", run=tmp_path / "run")
    made.prepare()
    return made


@pytest.fixture
def make_main(engine: docker.DockerClient, appliance_image: str) -> Iterator[MakeMain]:
    """Yield a function that creates a main container and says what the engine knows of it; its user is that of the tests."""
    made: list[Any] = []

    def create(**options: Any) -> dict[str, Any]:
        name = f"dca-main-{uuid.uuid4().hex[:8]}"
        user = f"{os.getuid()}:{os.getgid()}"
        made.append(engine.containers.create(appliance_image, name=name, network_mode="none", user=user, **options))
        return dict(made[-1].attrs)

    yield create
    for container in made:
        container.remove(force=True, v=True)


@pytest.fixture
def look(make_main: MakeMain, paths: Paths) -> Look:
    """Return a function that lets an image be looked at, for a main container that is created with `options`."""

    def run(image: str, *, environment: dict[str, str] | None = None, seconds: float = 60.0, **options: Any) -> Preflight:
        own = make_main(**options)
        with Engine.open() as ours:
            outcome = preflight.run(ours, image, own, paths, environment=environment or {}, seconds=seconds)
            assert ours.container(f"{own['Name'].lstrip('/')}-preflight") is None
        return outcome

    return run


def test_a_good_image_passes_with_all_that_this_site_has(look: Look, image_of: ImageOf, paths: Paths, tmp_path: Path) -> None:
    SettingsStore(paths.settings, {}).change_site({"scan": {"read_minutes": 45}})
    paths.definitions.mkdir()
    shutil.copy(DEFINITION, paths.definitions / "acme.toml")
    with Store(paths.readings):
        pass
    (tmp_path / "password").write_text("four words of a test")

    outcome = look(
        image_of("good"),
        environment={"DCA_PROXY_PASSWORD_FILE": str(tmp_path / "password")},
        volumes={str(paths.data): {"bind": "/data"}},
    )

    assert outcome.ok, outcome
    assert outcome.report["version"] == "0.2.0"
    texts = {check["name"]: check["text"] for check in outcome.report["checks"]}
    assert texts["settings"].startswith("2 settings")
    assert texts["definitions"].startswith("1 definitions")
    assert texts["readings"] == f"schema {len(MIGRATIONS)} needs no migration"


UNFIT: dict[Variant, tuple[str, str]] = {
    "damaged": ("damaged", f"{DAMAGED_FILE} (empty)"),
    "no program": ("platform", "for another kind of processor, or damaged"),
    "newer processor": ("platform", "needs a newer processor than this host has"),
    "other processor": ("platform", "is for linux/s390x, and this host runs linux/"),
    "unloadable": ("unfit", "No module named 'a_module_that_is_not_there'"),
    "unmigratable": ("unfit", f"cannot be brought to schema {len(MIGRATIONS) + 1}: no such table: nowhere"),
}


@pytest.mark.parametrize("variant", UNFIT)
def test_an_unfit_image_is_told_in_its_own_words(look: Look, image_of: ImageOf, paths: Paths, variant: Variant) -> None:
    reason, words = UNFIT[variant]
    with Store(paths.readings):
        pass

    outcome = look(image_of(variant))

    assert (outcome.ok, outcome.reason) == (False, reason), outcome
    assert words in outcome.text


def test_signed_configuration_has_to_stay_in_force(
    look: Look, image_of: ImageOf, paths: Paths, engine: docker.DockerClient
) -> None:
    store = SettingsStore(paths.settings, {})
    layer = ReceivedLayer("global", "config/global/all.json", 1, "0" * 64, {"scan": {"read_minutes": 45}})
    configuration = Configuration((layer,), to_rfc3339(utc_now()), "1" * 16)
    store.change_received(lambda received: received.applied(configuration, "in force", (), utc_now()))

    outcome = look(image_of("narrower"))

    assert outcome.reason == "unfit"
    assert "would be so no longer" in outcome.text
    assert "scan.read_minutes" in outcome.text


def test_the_container_is_closed_and_has_nothing_of_the_data_folder(
    engine: docker.DockerClient, make_main: MakeMain, image_of: ImageOf, paths: Paths
) -> None:
    own = make_main(
        volumes={str(paths.data): {"bind": "/data"}, "/var/run": {"bind": "/host"}},
        environment={"DCA_SITE_NAME": "Mill", "DOCKER_HOST": "tcp://127.0.0.1:1"},
    )
    outcomes: list[Preflight] = []
    image = image_of("endless")

    def run() -> None:
        with Engine.open() as ours:
            outcomes.append(preflight.run(ours, image, own, paths, environment={}, seconds=5))

    thread = threading.Thread(target=run)
    thread.start()
    name = f"{own['Name'].lstrip('/')}-preflight"
    wait_until("it runs", lambda: any(found.status == "running" for found in engine.containers.list(filters={"name": name})))
    found = engine.containers.get(name).attrs
    thread.join()

    assert [(mount["Type"], mount["Destination"]) for mount in found["Mounts"]] == [("volume", "/preflight")]
    host = found["HostConfig"]
    assert (host["NetworkMode"], host["ReadonlyRootfs"], host["CapDrop"]) == ("none", True, ["ALL"])
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["RestartPolicy"]["Name"] == "no"
    assert host["Memory"] == preflight.MEMORY_BYTES
    variables = [variable for variable in found["Config"]["Env"] if variable.startswith(("DCA_", "DOCKER_"))]
    assert sorted(variables) == ["DCA_DATA_DIR=/preflight/state", "DCA_SITE_NAME=Mill"]
    assert outcomes[0].reason == "unfit"
    assert "did not end its test of itself within 5 s" in outcomes[0].text
    volumes = {volume.name for volume in engine.volumes.list()}
    assert found["Mounts"][0]["Name"] not in volumes


def test_what_a_killed_preflight_has_left_is_replaced(
    engine: docker.DockerClient, make_main: MakeMain, image_of: ImageOf, paths: Paths, start_child: StartChild
) -> None:
    own = make_main()
    name = f"{own['Name'].lstrip('/')}-preflight"
    words = (
        "import sys; from pathlib import Path; from appliance.common.paths import Paths; from updater.installation import preflight"
    )
    words += "; from updater.engine.engine import Engine; engine = Engine.open(); image, own, data = sys.argv[1:]"
    words += "; preflight.run(engine, image, engine.container(own), Paths(Path(data), Path(data)))"
    child = start_child(["python", "-c", words, image_of("endless"), own["Id"], paths.data], folder=ROOT)
    wait_until("it runs", lambda: any(found.status == "running" for found in engine.containers.list(filters={"name": name})))
    child.send(signal.SIGKILL)
    child.wait()
    left = engine.containers.get(name)

    with Engine.open() as ours:
        assert preflight.run(ours, image_of("good"), own, paths, environment={}).ok

    with pytest.raises(docker.errors.NotFound):
        left.reload()
    assert left.attrs["Mounts"][0]["Name"] not in {volume.name for volume in engine.volumes.list()}


def test_a_container_of_somebody_else_with_that_name_stays(
    engine: docker.DockerClient, make_main: MakeMain, image_of: ImageOf, paths: Paths
) -> None:
    own = make_main()
    other = engine.containers.create(image_of("good"), name=f"{own['Name'].lstrip('/')}-preflight")
    try:
        with Engine.open() as ours, pytest.raises(PreflightError, match="not of the appliance"):
            preflight.run(ours, image_of("good"), own, paths, environment={})
        other.reload()
    finally:
        other.remove(v=True)
