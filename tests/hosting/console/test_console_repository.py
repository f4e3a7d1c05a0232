"""The page of the repository shows how long each role is valid, and says what people have to do in time."""

import html
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tornado import locale

from appliance.common.clock import utc_now
from hosting.console.alarms import Waiting, alarms
from hosting.repository.repository import Repository
from hosting.repository.repository_status import RepositoryStatusCache
from tests.hosting.person import Person
from tests.hosting.repository.published import Published, document, done
from tests.hosting.repository.signing import sign


@pytest.fixture
def published(publisher: Person, tmp_path: Path, founded_keys: Path) -> Published:
    """Return the repository of the running server, its data folder being that of the test."""
    return _At(tmp_path, founded_keys)


@pytest.fixture(scope="session")
def founded_keys(founded_repository: Path) -> Path:
    """Return the folder of the local keys of the repository, and of their passphrase."""
    return founded_repository.parent.parent


class _At(Published):
    """A repository in a data folder that has other keys beside it."""

    def __init__(self, data: Path, beside: Path) -> None:
        super().__init__(beside)
        self._data = data

    @property
    def data(self) -> Path:
        return self._data


def text_of(person: Person) -> str:
    answer = person.get("/repository")
    assert answer.status == 200
    return html.unescape(answer.text)


def test_roles_are_listed_with_who_signed_and_the_bins_as_one(publisher: Person, published: Published) -> None:
    text = text_of(publisher)
    rows = text.partition("<tbody>")[2].partition("</tbody>")[0].split("</tr>")
    assert len([row for row in rows if row]) == 8
    root = next(row for row in rows if ">root<" in row)
    keyids = {signature["keyid"] for signature in json.loads(published.root.read_bytes())["signatures"]}
    assert len(keyids) == 2
    assert all(keyid[:8] in root for keyid in keyids)
    assert "2 people" in root
    assert "Valid" in root
    assert "in 365 days" in root
    assert "site-000 to site-3ff" in rows[7]
    assert "notice-" not in text


def test_what_expires_is_told_on_top_and_in_the_navigation(publisher: Person, published: Published) -> None:
    assert "Late" not in publisher.get("/sites").text
    published.let_timestamp_expire(utc_now() + timedelta(hours=4, minutes=1))
    assert '<span class="state state-warn">Late</span>' in publisher.get("/sites").text
    assert "timestamp expires in 4 hours" in text_of(publisher)
    published.let_timestamp_expire(utc_now() - timedelta(hours=24))
    text = text_of(publisher)
    assert '<span class="state state-bad">Expired</span>' in publisher.get("/sites").text
    assert "timestamp expired 24 hours ago: sites refuse all that is new" in text
    assert "log of dca-hosting serve" in text


def test_a_role_that_passes_a_limit_is_late_without_a_new_publication(published: Published) -> None:
    watch, now = RepositoryStatusCache(published.repository), utc_now()
    for days, state in ((1, "ok"), (46, "due"), (70, "late"), (91, "expired")):
        status = watch.status(now + timedelta(days=days))
        assert status is not None
        assert [role.state for role in status.roles if role.role == "release"] == [state]


def test_nothing_is_read_again_before_something_is_published(published: Published) -> None:
    watch, repository = RepositoryStatusCache(published.repository), Repository.open(published.repository)
    assert repository is not None
    before = watch.status(utc_now())
    assert before is not None
    for path in (published.repository / "metadata").glob("*.site-*.json"):
        path.rename(path.with_suffix(".away"))
    assert watch.status(utc_now()) == before
    for path in (published.repository / "metadata").glob("*.away"):
        path.rename(path.with_suffix(".json"))
    repository.publish_configuration({"config/global/all.json": document(1)})
    after = watch.status(utc_now())
    assert after is not None
    assert [role.version for role in after.roles if role.role == "globalcfg"] == [2]


@pytest.mark.parametrize(("days", "level"), [(46, "info"), (70, "warn"), (91, "bad")])
def test_what_people_sign_is_told_with_the_commands_that_prolong_it(published: Published, days: int, level: str) -> None:
    moment = utc_now() + timedelta(days=days)
    status = RepositoryStatusCache(published.repository).status(moment)
    assert status is not None
    roles = [role for role in status.roles if role.is_offline]
    (alarm,) = alarms(roles, [], "drafts", moment, locale.get("en"))
    assert alarm.level == level
    assert "sites refuse new releases" in alarm.text
    assert alarm.commands == (
        "dca-hosting repository renew release",
        "dca-hosting sign drafts/2.release.json --key KEY",
        "dca-hosting repository publish",
    )


def test_a_draft_is_shown_with_how_many_are_lacking_until_it_is_published(publisher: Person, published: Published) -> None:
    done(published.run("renew", "release"))
    draft = published.repository / "drafts" / "2.release.json"
    assert "2 more needed" in text_of(publisher)
    done(sign(draft, published.keys / "release-1.key", published.passphrase))
    text = text_of(publisher)
    assert "1 more needed" in text
    assert f"dca-hosting sign {draft} --key KEY" in text
    moment = utc_now() + timedelta(days=70)
    assert commands_for_release(published, moment) == (f"dca-hosting sign {draft} --key KEY", "dca-hosting repository publish")
    done(sign(draft, published.keys / "release-2.key", published.passphrase))
    assert "Ready to publish" in text_of(publisher)
    assert commands_for_release(published, moment) == ("dca-hosting repository publish",)
    done(published.run("publish"))
    assert "2.release.json" not in text_of(publisher)


def commands_for_release(published: Published, moment: datetime) -> tuple[str, ...]:
    watch = RepositoryStatusCache(published.repository)
    status = watch.status(moment)
    assert status is not None
    drafts = [Waiting.check(draft) for draft in watch.drafts()]
    roles = [role for role in status.roles if role.role == "release"]
    (alarm,) = alarms(roles, drafts, str(published.repository / "drafts"), moment, locale.get("en"))
    return alarm.commands


def test_a_draft_that_cannot_stand_is_told_and_the_roles_are_shown_all_the_same(publisher: Person, published: Published) -> None:
    done(published.run("renew", "release"))
    draft = published.repository / "drafts" / "2.release.json"
    value = json.loads(draft.read_bytes())
    value["metadata"]["signed"]["targets"]["config/global/all.json"] = {"length": 1, "hashes": {"sha256": "a" * 64}}
    for broken, said in ((value, "which is no file of a release"), ({"draft": 1}, "was made by an earlier version")):
        draft.write_text(json.dumps(broken))
        text = text_of(publisher)
        assert said in text
        assert "site-000 to site-3ff" in text
    draft.unlink()


def test_a_damaged_repository_is_told_and_the_other_pages_go_on(publisher: Person, published: Published) -> None:
    published.newest("targets").write_text("{")
    assert "is damaged: it is no metadata. Restore the repository from a backup." in text_of(publisher)
    sites = publisher.get("/sites")
    assert sites.status == 200
    assert '<span class="state state-bad">Damaged</span>' in sites.text


def test_without_a_repository_both_pages_say_what_that_means_and_how_to_set_one_up(person: Person) -> None:
    assert "dca-hosting repository init --local-keys DIR" in text_of(person)
    page = person.get("/enrolment").text
    assert "carry no root of trust" in page
    assert 'href="/repository"' in page


def test_where_there_is_a_repository_enrolment_has_no_warning(publisher: Person) -> None:
    assert "carry no root of trust" not in publisher.get("/enrolment").text
