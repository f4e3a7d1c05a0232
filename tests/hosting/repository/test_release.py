"""From an image to what sites fetch: release add, sign, publish, rollout, and our own client at the end."""

import hashlib
import json
import shlex
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.common.clock import utc_now
from appliance.release import Catalogue, archive_path, parse_catalogue, parse_rollout
from hosting.releases.images import PlatformImage, RegistryImage
from hosting.releases.new_release import Wishes, make_release, with_release
from hosting.repository.folder import RepositoryFolder
from hosting.repository.release_draft import make_release_draft
from tests.children import Finished
from tests.hosting.commands.test_cli import hosting as command
from tests.hosting.releases.registry import LOGIN
from tests.hosting.releases.registry import running as registry
from tests.updater.tuf_repository import serving
from updater.trust.bundle_source import BASE, BundleSource
from updater.trust.client import RepositoryUrls, TrustClient
from updater.trust.folder import TrustFolder

from .images import saved
from .published import Published, Site, done, hosting, refused, site_of
from .signing import sign, sign_with_local_keys

CATALOGUE, ROLLOUT = "release/stable.json", "config/global/rollout.json"


@pytest.fixture
def published(published: Published) -> Published:
    """Return a founded repository with a database beside it."""
    done(command("init", "--data", published.data))
    return published


def release(published: Published, action: str, *words: str | Path) -> Finished:
    return hosting("release", action, *words, "--data", published.data)


def publish(published: Published) -> str:
    sign_with_local_keys(published)
    return done(published.run("publish"))


def add(published: Published, version: str, file: Path, *words: str | Path) -> None:
    done(release(published, "add", version, "--archive", file, *words))
    publish(published)


def draft(published: Published) -> Path:
    (path,) = (published.repository / "drafts").iterdir()
    return path


def fetched(published: Published, folder: Path, name: str) -> bytes:
    with site_of(published, folder) as site:
        content = site.fetch(name)
    assert isinstance(content, bytes), content
    return content


def test_a_release_reaches_a_site_after_two_people_signed(published: Published, tmp_path: Path) -> None:
    file = saved(tmp_path)
    notes = tmp_path / "notes"
    notes.write_text("Reads meters of more models.\n")
    said = done(release(published, "add", "0.2.0", "--archive", file, "--notes", notes, "--switcher", "new", "--deadline", "240"))
    assert "NEW release 0.2.0, number 1" in said
    assert "2 of the keys of targets 1" in said

    for number in (1, 2):
        shown = done(sign(draft(published), published.keys / f"release-{number}.key", published.passphrase))
        assert "| Reads meters of more models." in shown
        assert f"sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}" in shown
        assert '"releases"' not in shown
    assert "Published release." in done(published.run("publish"))
    said = done(release(published, "rollout", "--version", "0.2.0", "--percent", "50", "--yes"))
    assert "stable, all sites: as others -> 0.2.0 to 50 %" in said

    catalogue = parse_catalogue(fetched(published, tmp_path / "site", CATALOGUE))
    rollout = parse_rollout(fetched(published, tmp_path / "other", ROLLOUT))
    (made,) = catalogue.releases
    offer = rollout.channels["stable"].default
    assert (made.version, made.counter, made.switcher, made.gate.deadline_seconds) == ("0.2.0", 1, "new", 240)
    assert offer is not None
    assert (offer.version, offer.counter, offer.percent, rollout.version) == ("0.2.0", 1, 50, 1)
    archive = made.platforms["linux/amd64"].archive
    assert archive is not None
    assert fetched(published, tmp_path / "third", archive) == file.read_bytes()
    assert not list((published.repository / "archives").iterdir())


def test_a_draft_that_too_few_signed_publishes_nothing(published: Published, tmp_path: Path) -> None:
    done(release(published, "add", "0.2.0", "--archive", saved(tmp_path)))
    before = published.tree()
    done(sign(draft(published), published.keys / "release-1.key", published.passphrase))

    assert "lacks signatures" in refused(published.run("publish"))
    assert published.tree() == before
    assert "waits already" in refused(release(published, "add", "0.3.0", "--archive", saved(tmp_path)))


def test_an_archive_that_changed_while_it_waited_is_not_published(published: Published, tmp_path: Path) -> None:
    done(release(published, "add", "0.2.0", "--archive", saved(tmp_path)))
    sign_with_local_keys(published)
    before = published.tree()
    (waiting,) = (published.repository / "archives").iterdir()
    content = waiting.read_bytes()

    waiting.write_bytes(content[:-1] + b"x")
    assert "it has changed" in refused(published.run("publish"))
    waiting.unlink()
    assert "is not here" in refused(published.run("publish"))
    assert published.tree() == before

    waiting.write_bytes(content)
    done(published.run("publish"))


def test_a_draft_that_shows_another_catalogue_than_it_signs_is_refused(published: Published, tmp_path: Path) -> None:
    done(release(published, "add", "0.2.0", "--archive", saved(tmp_path)))
    path = draft(published)
    value = json.loads(path.read_bytes())
    value["contents"]["after"][CATALOGUE] = value["contents"]["after"][CATALOGUE].replace("0.2.0", "0.1.9")
    path.write_text(json.dumps(value))

    assert "shows another content" in refused(sign(path, published.keys / "release-1.key", published.passphrase))


def test_notes_cannot_hide_what_is_signed(published: Published, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.write_text("Good.\x1b[2K\x1b[1A\u202egood")
    said = done(release(published, "add", "0.2.0", "--archive", saved(tmp_path), "--notes", notes))

    assert "\x1b" not in said
    assert "\u202e" not in said
    assert r"Good.\x1b[2K" in said


def test_the_oldest_of_21_releases_goes_with_its_archive(published: Published, tmp_path: Path) -> None:
    add(published, "0.0.1", saved(tmp_path))
    oldest = next((published.repository / "targets/release").glob("*.tar.gz"))
    _fill(published, 20)

    names = [made["version"] for made in _listed(published)]
    assert len(names) == 20
    assert "0.0.1" not in names
    assert "release/0.0.1-linux-amd64.tar.gz" not in published.signed("release")["targets"]
    assert oldest.exists()  # for sites that have just begun with it; swept after an hour


def _fill(published: Published, number: int) -> None:
    """Publish one draft that adds many releases at once: a person would take twenty afternoons."""
    digest = "sha256:" + "a" * 64
    image = RegistryImage("registry.example.com/dca", digest, {"linux/amd64": PlatformImage(digest, digest, 1)})
    made = make_release(Wishes("0.1.0"), image, [], utc_now())

    def change(catalogue: Catalogue, highest: int) -> Catalogue:
        for each in range(number):
            catalogue = with_release(catalogue, replace(made, version=f"0.1.{each}"), highest + each)
        return catalogue

    make_release_draft(RepositoryFolder(published.repository), "stable", change, {}, utc_now())
    publish(published)


def _listed(published: Published) -> Any:
    return json.loads(done(release(published, "list", "--json")))["releases"]


def test_counters_rise_even_after_a_release_was_withdrawn(published: Published, tmp_path: Path) -> None:
    add(published, "0.2.0", saved(tmp_path), "--counter", "7")
    said = done(release(published, "withdraw", "0.2.0"))
    assert "WITHDRAWN release 0.2.0, number 7" in said
    publish(published)
    assert _listed(published) == []
    assert published.signed("release")["targets"].keys() == {CATALOGUE}

    assert "had 7 already" in refused(release(published, "add", "0.3.0", "--archive", saved(tmp_path), "--counter", "7"))
    add(published, "0.3.0", saved(tmp_path))
    assert [(made["version"], made["counter"]) for made in _listed(published)] == [("0.3.0", 8)]
    assert "has no release 0.2.0" in refused(release(published, "withdraw", "0.2.0"))


def test_a_version_is_given_once(published: Published, tmp_path: Path) -> None:
    add(published, "0.2.0", saved(tmp_path))

    assert "is in the channel stable already" in refused(release(published, "add", "0.2.0", "--archive", saved(tmp_path)))


def test_a_rollout_offers_only_what_is_published(published: Published, tmp_path: Path) -> None:
    words = ("--version", "0.2.0", "--percent", "10", "--yes")
    assert "no release 0.2.0 in the published catalogue" in refused(release(published, "rollout", *words))
    done(release(published, "add", "0.2.0", "--archive", saved(tmp_path)))
    assert "no release 0.2.0 in the published catalogue" in refused(release(published, "rollout", *words))

    publish(published)
    done(release(published, "rollout", *words))
    assert "Nothing is different" in done(release(published, "rollout", *words))
    assert "0.2.0 to 10 % -> 0.2.0 to 10 %, paused" in done(release(published, "rollout", "--pause", "--yes"))
    said = done(release(published, "rollout", "--resume", "--not-before", "2027-01-31T22:00+01:00", "--yes"))
    assert "not before 2027-01-31T21:00:00Z" in said
    done(release(published, "rollout", "--group", "first", "--version", "0.2.0", "--yes"))
    assert "group first: 0.2.0 to 100 % -> nothing" in done(release(published, "rollout", "--group", "first", "--hold", "--yes"))
    assert "group first: nothing -> as others" in done(release(published, "rollout", "--group", "first", "--unpin", "--yes"))
    assert "to 10 % of all sites" in done(release(published, "list"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing to change"),
        (("--percent", "10"), "Say which release"),
        (("--version", "0.2.0", "--percent", "101"), "101 percent"),
        (("--version", "0.2.0"), "in percent"),
        (("--version", "0.2.0", "--percent", "1", "--not-before", "soon"), "no moment"),
        (("--hold", "--percent", "1"), "says all there is to say"),
        (("--unpin",), "Only a group or a site"),
        (("--group", "Big sites", "--hold"), "cannot be the name of a group"),
        (("--site", "Nowhere", "--hold"), "no site called"),
        (("--channel", "Stable", "--hold"), "cannot be a channel"),
        (("--version", "0.2.0", "--percent", "1"), "Nobody can be asked here"),
    ],
)
def test_a_rollout_that_cannot_be_is_refused(offered: Published, words: tuple[str, ...], said: str) -> None:
    assert said in refused(release(offered, "rollout", *words))


@pytest.fixture(scope="module")
def offered(founded: Published, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Return a repository with a release that nobody is offered; nothing in it is changed."""
    folder = tmp_path_factory.mktemp("offered")
    made = Published(Path(shutil.copytree(founded.folder, folder / "hosting")))
    done(command("init", "--data", made.data))
    add(made, "0.2.0", saved(folder))
    return made


def bundle(published: Published, out: Path, *words: str) -> Finished:
    return hosting("bundle", "--data", published.data, "--out", out, *words)


def test_a_bundle_is_a_copy_of_what_a_site_would_fetch(published: Published, tmp_path: Path) -> None:
    file = saved(tmp_path)
    add(published, "0.2.0", file)
    add(published, "0.3.0", saved(tmp_path, "newer.tar.gz", text="newer"))
    done(release(published, "rollout", "--version", "0.2.0", "--percent", "100", "--yes"))
    out = tmp_path / "bundle.tar"
    said = done(bundle(published, out))
    assert "release 0.2.0 for linux/amd64" in said

    with tarfile.open(out) as archive:
        members = {member.name: member for member in archive}
        archive.extractall(tmp_path / "unpacked", filter="data")
    served = published.tree()
    unpacked = {name: (tmp_path / "unpacked" / name).read_bytes() for name in members}
    assert unpacked == {name: served[name] for name in members}
    assert {name.partition(".")[2] for name in members if name.startswith("metadata/")} == {
        "json", "root.json", "snapshot.json", "targets.json", "globalcfg.json", "release.json",
    }  # fmt: skip
    assert sum(name.startswith("targets/") for name in members) == 3
    with serving(unpacked) as server:
        site = Site(tmp_path / "site", server.url).begin(published.root)
        assert site.fetch("release/0.2.0-linux-amd64.tar.gz") == file.read_bytes()
        assert isinstance(site.fetch(CATALOGUE), bytes)
        assert isinstance(site.fetch(ROLLOUT), bytes)

    assert from_bundle(out, published.root.read_bytes(), tmp_path) == file.read_bytes()


def test_a_bundle_is_written_only_where_a_site_would_take_it(published: Published, tmp_path: Path) -> None:
    add(published, "0.2.0", saved(tmp_path))
    add(published, "0.3.0", saved(tmp_path, "newer.tar.gz", text="newer"))
    done(release(published, "rollout", "--version", "0.2.0", "--percent", "100", "--yes"))
    out = tmp_path / "bundle.tar"

    told = refused(bundle(published, out, "--version", "0.3.0"))
    assert "0.3.0 is offered to nobody" in told
    assert not out.exists()
    advice = shlex.split(told[told.index("release rollout") :])
    done(hosting(*advice, "--group", "harbour", "--yes", "--data", published.data))
    assert "offered to the sites of the group harbour;" in done(bundle(published, out, "--version", "0.3.0"))

    done(release(published, "rollout", "--group", "harbour", "--pause", "--yes"))
    assert "0.3.0 is paused" in refused(bundle(published, out, "--version", "0.3.0"))
    assert "offered to all sites;" in done(bundle(published, out))


def test_a_late_rollback_is_signed_into_a_release(published: Published, tmp_path: Path) -> None:
    said = done(release(published, "add", "0.2.0", "--archive", saved(tmp_path), "--late-rollback"))
    assert "may be taken back later than its gate" in said
    publish(published)
    assert [one["late_rollback"] for one in _listed(published)] == [True]


def from_bundle(out: Path, root: bytes, folder: Path) -> bytes:
    """Return the archive as a site takes it out of a bundle."""
    trust = folder / "trust"
    trust.mkdir()
    TrustFolder(trust).keep_bootstrap(root)
    with BundleSource(out, trust) as found:
        found.require_root(root)
        name = archive_path(found.version_for("linux/amd64"), "linux/amd64")
        with TrustClient(trust, RepositoryUrls.below(BASE), bootstrap=root, source=found) as client:
            return client.refresh().download(name, folder / "taken").read_bytes()


def test_where_no_bundle_can_be_written_is_told_by_the_name_that_was_given(published: Published, tmp_path: Path) -> None:
    add(published, "0.2.0", saved(tmp_path))
    done(release(published, "rollout", "--version", "0.2.0", "--percent", "100", "--yes"))
    out = tmp_path / "nowhere" / "x.tar"
    assert f"{out} cannot be written: No such file or directory. Name another file with --out." in refused(bundle(published, out))
    assert f"{tmp_path} is a folder. Name a file in it with --out." in refused(bundle(published, tmp_path))
    assert not list(tmp_path.glob(".*"))


def test_the_times_of_the_health_gate_are_named_by_their_options(published: Published, tmp_path: Path) -> None:
    file = saved(tmp_path)
    words = ("release", "add", "0.2.0", "--data", published.data, "--archive", file)
    said = refused(hosting(*words, "--deadline", "1"))
    assert "--deadline 1 is no number of seconds from 10 to 3600." in said
    assert "--steady 1801 is no number of seconds from 1 to 1800." in refused(hosting(*words, "--steady", "1801"))


def test_a_bundle_needs_an_archive(offered: Published, tmp_path: Path) -> None:
    out = tmp_path / "bundle.tar"

    assert "no archive for linux/arm64" in refused(bundle(offered, out, "--platform", "linux/arm64"))
    assert "has no release 9.9.9" in refused(bundle(offered, out, "--version", "9.9.9"))
    assert "has no release" in refused(bundle(offered, out, "--channel", "beta"))
    assert list(tmp_path.iterdir()) == []


def test_an_image_of_a_registry_and_its_archive_are_one_release(published: Published, tmp_path: Path) -> None:
    with registry() as found:
        found.login = "basic"
        index = found.push("0.2.0", "linux/amd64", "linux/arm64")
        credentials = tmp_path / "credentials"
        credentials.write_text(LOGIN)
        image = ("--image", f"{found.host}/dca/appliance:0.2.0", "--credentials", credentials)
        assert "--credentials" in hosting("release", "add", "0.2.0", "--data", published.data, *image[:2]).stderr
        other = release(published, "add", "0.2.0", *image, "--archive", saved(tmp_path, text="another", user="root"))
        assert "holds another image" in other.stderr
        done(release(published, "add", "0.2.0", *image, "--archive", saved(tmp_path)))
    publish(published)

    (made,) = _listed(published)
    assert made["index"] == index
    assert made["repository"] == f"{found.host}/dca/appliance"
    assert [(name, bool(one["archive"])) for name, one in made["platforms"].items()] == [
        ("linux/amd64", True),
        ("linux/arm64", False),
    ]
