"""Keys are exchanged and signatures prolonged; sites that were there before follow."""

import json
from pathlib import Path

from securesystemslib.signer import Signer
from tuf.api.metadata import Metadata, Timestamp

from appliance.common.clock import utc_now
from hosting.repository.folder import RepositoryFolder
from hosting.repository.repository import Repository
from tests.updater.tuf_repository import serving

from .published import Published, Site, document, done, refused, site_of
from .signing import Person, sign, sign_with_local_keys

ONE = "config/site/one.json"


def drafts(published: Published) -> list[str]:
    return sorted(path.name for path in (published.repository / "drafts").iterdir())


def signer_of(published: Published, role: str) -> Signer:
    folder = RepositoryFolder(published.repository)
    root = folder.newest_root().signed
    return folder.keys.signer(root.get_key(root.get_delegated_role(role).keyids[0]))


def followed(published: Published, site: Site) -> None:
    """Publish a change and see that a site gets it from the repository as it is now."""
    repository = Repository.open(published.repository)
    assert repository is not None
    content = document(7, at=str(utc_now()))
    repository.publish_configuration({ONE: content})
    with serving(published.tree()) as server:
        site.url = server.url
        assert site.fetch(ONE) == content


def test_other_people_sign_the_root_and_an_old_site_follows(published: Published, tmp_path: Path) -> None:
    new = Person(tmp_path / "dora")
    new.trust(published.root)
    with site_of(published, tmp_path / "site") as site:
        assert site.refresh().returncode == 0
    stay = [published.keys / f"root-{number}.pub" for number in (1, 2)]
    done(published.run("rotate", *[word for path in (*stay, new.public) for word in ("--root-key", path)]))
    draft = published.repository / "drafts" / "2.root.json"

    assert done(new.sign(draft)).count("1 more needed") == 1
    assert "lacks signatures" in refused(published.run("publish"))
    done(sign(draft, published.keys / "root-1.key", published.passphrase))
    done(sign(draft, published.keys / "root-2.key", published.passphrase))
    done(published.run("publish"))

    assert drafts(published) == []
    assert published.root.name == "2.root.json"
    followed(published, site)


def test_a_stolen_timestamp_key_is_exchanged_and_its_fast_forward_undone(published: Published, tmp_path: Path) -> None:
    stolen = signer_of(published, "timestamp")
    forged = Metadata[Timestamp].from_bytes((published.repository / "metadata" / "timestamp.json").read_bytes())
    forged.signed.version = 2_000_000_000
    forged.sign(stolen)
    with serving({**published.tree(), "metadata/timestamp.json": forged.to_bytes()}) as server:
        site = Site(tmp_path / "site", server.url).begin(published.root)
        assert site.refresh().returncode == 0
    with serving(published.tree()) as server:
        site.url = server.url
        assert site.refresh().returncode != 0

    done(published.run("rotate", "--online", "timestamp", "--online", "snapshot"))
    sign_with_local_keys(published)
    done(published.run("publish"))

    assert signer_of(published, "timestamp").public_key != stolen.public_key
    followed(published, site)


def test_a_new_key_of_the_configuration_signs_all_of_it_anew(published: Published, repository: Repository, tmp_path: Path) -> None:
    repository.publish_configuration({ONE: document(1)})
    with site_of(published, tmp_path / "site") as site:
        assert site.fetch(ONE) == document(1)
    before = published.signed("config")["delegations"]["succinct_roles"]["keyids"]

    done(published.run("rotate", "--online", "config"))
    assert drafts(published) == ["2.targets.json"]
    sign_with_local_keys(published)
    said = done(published.run("publish"))

    assert "1,024 bins of sites" in said
    assert published.signed("config")["delegations"]["succinct_roles"]["keyids"] != before
    assert {condition.state for condition in repository.condition(utc_now())} == {"ok"}
    assert all(len(condition.signatures) >= condition.threshold for condition in repository.condition(utc_now()))
    followed(published, site)


def test_other_people_sign_targets_where_the_former_keys_are_lost(published: Published, tmp_path: Path) -> None:
    people = [Person(tmp_path / name) for name in ("dora", "emil")]
    for person in people:
        person.trust(published.root)
    with site_of(published, tmp_path / "site") as site:
        assert site.refresh().returncode == 0
    named = [word for person in people for word in ("--targets-key", person.public)]

    done(published.run("rotate", "--lost", *named))
    assert drafts(published) == ["2.root.json", "2.targets.json"]
    for number in (1, 2):
        done(sign(published.repository / "drafts/2.root.json", published.keys / f"root-{number}.key", published.passphrase))
    for person in people:
        done(person.sign(published.repository / "drafts" / "2.targets.json"))
    done(published.run("publish"))

    followed(published, site)


def test_other_people_sign_releases(published: Published, tmp_path: Path) -> None:
    people = [Person(tmp_path / name) for name in ("dora", "emil")]
    for person in people:
        person.trust(published.root)

    done(published.run("rotate", *[word for person in people for word in ("--release-key", person.public)]))
    assert drafts(published) == ["2.release.json", "2.targets.json"]
    for number in (1, 2):
        done(sign(published.repository / "drafts/2.targets.json", published.keys / f"targets-{number}.key", published.passphrase))
    for person in people:
        done(person.sign(published.repository / "drafts" / "2.release.json"))
    done(published.run("publish"))

    assert published.signed("release")["version"] == 2


def test_a_role_is_prolonged(published: Published, tmp_path: Path) -> None:
    before = published.signed("release")

    said = done(published.run("renew", "release"))
    assert "2.release.json: 2 more of the keys that targets 1 names" in said
    assert "waits already" in refused(published.run("renew", "release"))
    sign_with_local_keys(published)
    done(published.run("publish"))

    after = published.signed("release")
    assert (after["version"], after["targets"]) == (2, before["targets"])
    assert after["expires"] >= before["expires"]
    with site_of(published, tmp_path) as site:
        assert site.refresh().returncode == 0


def test_a_draft_that_was_overtaken_replaces_nothing(published: Published) -> None:
    done(published.run("renew", "root"))
    draft = published.repository / "drafts" / "2.root.json"
    sign_with_local_keys(published)
    overtaken = draft.read_bytes()
    done(published.run("publish"))
    before = published.root.read_bytes()

    value = json.loads(overtaken)
    value["metadata"]["signed"]["expires"] = "2030-01-01T00:00:00Z"
    value["metadata"]["signatures"] = []
    draft.write_text(json.dumps(value))
    sign_with_local_keys(published)

    assert "2.root.json is published already" in refused(published.run("publish"))
    assert published.root.read_bytes() == before


def test_a_draft_that_was_published_before_the_power_failed_is_put_away(published: Published) -> None:
    done(published.run("renew", "root"))
    sign_with_local_keys(published)
    draft = published.repository / "drafts" / "2.root.json"
    kept = draft.read_bytes()
    done(published.run("publish"))
    draft.write_bytes(kept)

    done(published.run("publish"))

    assert drafts(published) == []
    assert published.root.name == "2.root.json"


def test_no_key_and_too_few_keys_are_one_sentence(published: Published) -> None:
    assert "No key was named" in refused(published.run("rotate"))
    assert "Name all of them" in refused(published.run("rotate", "--root-key", published.keys / "root-1.pub"))
