"""What sites say of new versions is kept and counted, and they learn of a rollout they have not dealt with."""

from pathlib import Path
from typing import Any

import pytest

from appliance.release import ROLLOUT_PATH
from hosting.configuration.publication import Publishing
from hosting.db import audit, configuration, releases, sites
from hosting.db.releases import UPDATES_OF_A_SITE, ReleaseCounts
from hosting.releases.rollout import Wish
from hosting.releases.update_report import reported_update
from tests.hosting.releases.published import offer, publish_releases
from tests.hosting.running import RunningServer
from tests.hosting.site import Site


def told(image: Any = None, *, rollout: str | None = "none", level: str = "auto") -> dict[str, Any]:
    return {"update": {"level": level, "channel": "stable", "rollout": rollout, "image_updates": "possible", "image": image}}


def update(**changes: Any) -> dict[str, Any]:
    usual = {
        "execution": "closed",
        "result": "success",
        "version": "0.2.0",
        "from_version": "0.1.0",
        "transaction": "a1b2c3d4e5f6",
        "started_at": "2026-11-26T12:00:00Z",
        "seconds": 74.4,
        "reason": "",
        "text": "",
        "waits": [],
        "log": "",
    }
    return usual | changes


@pytest.fixture
def offered(signing_server: RunningServer, publishing: Publishing, local_keys: Path) -> RunningServer:
    """Return a server that offers 0.2.0 to all sites."""
    publish_releases(signing_server.config.repository, local_keys, "0.2.0")
    offer(publishing, Wish(version="0.2.0", percent=100))
    return signing_server


def enrolled(server: RunningServer, name: str = "Harbour office") -> Site:
    return Site(server).enrol(name, root_sha256=server.root_sha256())


def marker(server: RunningServer) -> str:
    return server.read(configuration.marker_of_rollout)


def test_a_site_learns_of_a_rollout_until_it_has_dealt_with_it(offered: RunningServer) -> None:
    site = enrolled(offered)
    [file] = (offered.config.repository / "targets").rglob("*.rollout.json")

    assert site.check_in(told()).json()["rollout"] == marker(offered) == file.name[:16]
    assert site.check_in(told(rollout="another")).json()["rollout"] == marker(offered)
    assert "rollout" not in site.check_in(told(rollout=marker(offered))).json()


@pytest.mark.parametrize("state", [told(level="off"), told(level="config"), told(rollout=None), {}, {"update": []}])
def test_who_would_not_look_is_told_of_none(offered: RunningServer, state: dict[str, Any]) -> None:
    assert "rollout" not in enrolled(offered).check_in(state).json()


def test_a_site_without_a_root_is_told_of_none(offered: RunningServer) -> None:
    assert "rollout" not in Site(offered).enrol().check_in(told()).json()


def test_without_a_rollout_there_is_none_to_deal_with(signing_server: RunningServer) -> None:
    site = enrolled(signing_server)

    assert "rollout" not in site.check_in(told()).json()
    assert site.check_in(told(rollout="an old one")).json()["rollout"] == "none"


def test_a_rollout_is_kept_with_its_versions_and_noted(offered: RunningServer, publishing: Publishing) -> None:
    offer(publishing, Wish(paused=True))

    def look(connection: Any) -> Any:
        return configuration.history(connection, ROLLOUT_PATH), audit.latest(connection, site_id="")

    history, lines = offered.read(look)
    assert [edition.version for edition in history] == [2, 1]
    assert {line.action for line in lines} == {"rollout published"}


def test_an_update_is_kept_with_what_became_of_it(server: RunningServer) -> None:
    site = Site(server).enrol()
    site.check_in(told(update(execution="proceeding", result="none", seconds=None)))
    failed = update(result="failure", reason="not_healthy", text="It was taken back.", log="line\x00 one\nline two")
    site.check_in(told(failed))
    site.check_in(told(update(transaction="b" * 12, version="0.3.0", started_at="2026-11-26T13:00:00+00:00")))

    newest, first = server.read(lambda connection: releases.updates_of(connection, site.site_id))
    assert (newest.version, newest.result, newest.seconds) == ("0.3.0", "success", 74)
    assert (first.version, first.from_version, first.result, first.reason) == ("0.2.0", "0.1.0", "failure", "not_healthy")
    assert (first.text, first.log) == ("It was taken back.", "line one\nline two")
    kept = server.read(lambda connection: sites.site_by_id(connection, site.site_id))
    assert kept is not None
    assert (kept.update_channel, kept.update_version, kept.update_execution) == ("stable", "0.3.0", "closed")


def test_what_is_told_again_is_no_news(server: RunningServer) -> None:
    site = Site(server).enrol()
    site.check_in(told(update()))
    [before] = server.read(lambda connection: releases.arrivals(connection, "0.2.0"))
    site.check_in(told(update()) | {"devices": {"known": 4}})

    assert server.read(lambda connection: releases.arrivals(connection, "0.2.0")) == [before]


def test_of_each_site_the_newest_updates_are_kept(server: RunningServer) -> None:
    site = Site(server).enrol()
    for number in range(UPDATES_OF_A_SITE + 3):
        site.check_in(told(update(transaction=f"{number:012}")))

    assert len(server.read(lambda connection: releases.updates_of(connection, site.site_id))) == UPDATES_OF_A_SITE


def test_sites_are_counted_by_release(server: RunningServer) -> None:
    said = [
        update(),
        update(execution="scheduled", result="none", transaction="", waits=["window", "approval"]),
        update(execution="scheduled", result="none", transaction="", waits=["window"]),
        update(execution="download", result="none"),
        update(result="failure", reason="never_healthy"),
        update(execution="rejected", result="failure", reason="no_space"),
        update(execution="canceled", result="none"),
        None,
    ]
    for number, image in enumerate(said):
        Site(server).enrol(f"Site {number}").check_in(told(image))

    counts = server.read(releases.counts_by_version)
    assert counts["0.2.0"] == ReleaseCounts(
        under_way=1,
        succeeded=1,
        failed=2,
        waiting=2,
        waits={"window": 2, "approval": 1},
        reasons={"never_healthy": 1, "no_space": 1},
    )
    assert counts["0.1.0"] == ReleaseCounts(running=len(said))
    failed = server.read(lambda connection: releases.failed_sites(connection, "0.2.0"))
    assert [(name, reason) for _, name, reason in failed] == [("Site 4", "never_healthy"), ("Site 5", "no_space")]


def test_what_was_told_stays_while_the_supervisor_does_not_answer(server: RunningServer) -> None:
    site = Site(server).enrol()
    site.check_in(told(update()))
    site.check_in({"update": {"level": "auto"}})
    assert server.read(releases.counts_by_version)["0.2.0"].succeeded == 1

    site.check_in(told(None))
    assert server.read(releases.counts_by_version)["0.2.0"].succeeded == 1


def test_sites_that_moved_on_still_count_for_the_version_at_which_they_failed(server: RunningServer) -> None:
    def fail(site: Site, transaction: str, **changes: Any) -> None:
        site.check_in(told(update(result="failure", reason="never_healthy", transaction=transaction) | changes))

    back, moved, again, silent = (Site(server).enrol(name) for name in ("Back", "Moved", "Again", "Silent"))
    for number, site in enumerate((back, moved, again, silent)):
        fail(site, f"a{number:011}")
    back.check_in(told(update(version="0.1.0", transaction="b" * 12, started_at="2026-11-26T13:00:00Z")))
    moved.check_in(told(update(version="0.3.0", transaction="c" * 12, execution="scheduled", result="none")))
    # This one tried it twice; how it went last counts.
    again.check_in(told(update(transaction="d" * 12, started_at="2026-11-26T14:00:00Z")))
    again.check_in(told(update(version="0.3.0", transaction="e" * 12, started_at="2026-11-26T15:00:00Z")))
    silent.check_in(told(None))

    counts = server.read(releases.counts_by_version)
    assert counts["0.2.0"] == ReleaseCounts(succeeded=1, failed=3, reasons={"never_healthy": 3})
    assert counts["0.3.0"] == ReleaseCounts(succeeded=1, waiting=1)
    failed = server.read(lambda connection: releases.failed_sites(connection, "0.2.0"))
    assert [name for _, name, _ in failed] == ["Back", "Moved", "Silent"]


@pytest.mark.parametrize(
    "image",
    [
        "closed",
        {},
        update(execution="exploded"),
        update(execution=["closed"]),
        update(result=None),
        update(version=None),
        update(version={}),
        update(version=""),
    ],
)
def test_what_is_no_update_is_left_out_and_the_check_in_taken(server: RunningServer, image: Any) -> None:
    site = Site(server).enrol()

    assert site.check_in(told(image)).status == 200
    assert server.read(lambda connection: releases.updates_of(connection, site.site_id)) == []


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"started_at": "yesterday"}, "started_at", None),
        ({"started_at": "0001-01-01T00:00:00+14:00"}, "started_at", None),
        ({"seconds": 1e300}, "seconds", None),
        ({"seconds": True}, "seconds", None),
        ({"seconds": -1}, "seconds", None),
        ({"waits": ["window", 5, "<b>", {}, "not before"] + ["a"] * 50}, "waits", ("window", "not before", *"aaaaaaa")),
        ({"waits": "window"}, "waits", ()),
        ({"log": "x" * 9000 + "end"}, "log", "x" * 8189 + "end"),
        ({"reason": 5}, "reason", ""),
    ],
)
def test_what_a_site_says_wrongly_is_left_out(changes: dict[str, Any], name: str, value: object) -> None:
    found = reported_update(update(**changes))

    assert getattr(found, name) == value
