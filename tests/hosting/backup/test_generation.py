"""A site is asked once for what a restored server lacks; sites that do not know the word go on as before."""

from typing import Any

from appliance.common.clock import to_rfc3339, utc_now
from hosting.db import installation
from hosting.db.installation import Asked
from tests.hosting.batches import batch
from tests.hosting.batches import reading as one_reading
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

BACKUP_AT = utc_now()


def restored(server: RunningServer) -> str:
    """Let the server be one that was restored before it started; return its generation."""
    server.write(lambda connection: installation.begin_generation(connection, BACKUP_AT, utc_now()))
    generation = server.read(installation.here).generation
    assert generation
    return generation


def check_in(site: Site, generation: str | None = None) -> dict[str, Any]:
    body = {"version": "0.1.0", "state": {}} | ({"generation": generation} if generation else {})
    answer = site.send("/api/v1/checkin", body)
    assert answer.status == 200, answer.body
    return dict(answer.json())


def test_a_site_is_asked_until_it_says_that_it_knows(server: RunningServer) -> None:
    site, other = Site(server).enrol(), Site(server).enrol("Mill")
    generation = restored(server)
    wanted = {"generation": generation, "since": to_rfc3339(BACKUP_AT)}

    assert check_in(site)["restored"] == wanted
    assert check_in(site)["restored"] == wanted
    assert server.read(lambda connection: installation.asked(connection, generation)) == Asked(sites=2, know=0)
    assert "restored" not in check_in(site, generation)
    assert server.read(lambda connection: installation.asked(connection, generation)) == Asked(sites=2, know=1)
    assert check_in(other, "someothercopy")["restored"] == wanted


def test_a_server_that_was_never_restored_says_so_to_a_site_that_has_spoken_with_a_copy(server: RunningServer) -> None:
    site = Site(server).enrol()

    assert "restored" not in check_in(site)
    assert check_in(site, "somecopy")["restored"] == {"generation": "first"}
    assert "restored" not in check_in(site, "first")


def test_a_site_that_does_not_know_the_word_goes_on(server: RunningServer) -> None:
    site = Site(server).enrol()
    restored(server)

    for _ in range(2):
        assert check_in(site)["commands"] == []
        assert site.upload(batch(one_reading("serial:HP:a"))).json()["accepted"] in (0, 1)


def test_what_is_no_generation_is_refused(server: RunningServer) -> None:
    site = Site(server).enrol()

    for word in ("", "a" * 41, "a b", "x\x00"):
        assert site.send("/api/v1/checkin", {"version": "0.1.0", "state": {}, "generation": word}).status == 422


def test_two_copies_of_one_backup_are_two_generations(server: RunningServer) -> None:
    assert restored(server) != restored(server)
