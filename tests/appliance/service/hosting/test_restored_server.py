"""A hosting server that was restored elsewhere from a backup: the site sends again what came after it, and it is there once."""

from dataclasses import replace

import pytest

from tests.appliance.collector import Site
from tests.appliance.hosting_server import Hosting
from tests.children import wait_until
from tests.forked import run_forked


@pytest.fixture
def linked(ready_site: Site, hosting: Hosting) -> Site:
    """Return a running site with four printers whose first readings are at its hosting server."""
    hosting.start()
    ready_site.variables |= {"DCA_HOSTING_CA_FILE": str(hosting.authority), "DCA_UPLOAD_SECONDS": "1"}
    ready_site.variables["DCA_ENROLMENT"] = hosting.enrolment()
    ready_site.start()
    wait_until("the first readings have arrived", lambda: len(hosting.readings()) == 4)
    return ready_site


def restored(hosting: Hosting, name: str) -> Hosting:
    """Return a server made of the backup of another one, for the same port."""
    elsewhere = replace(hosting, folder=hosting.folder.parent / name, child=None)
    elsewhere.command("restore", str(hosting.folder.parent / "backup"))
    return elsewhere


def events(hosting: Hosting) -> list[str]:
    return sorted(str(event) for (event,) in hosting.rows("SELECT event_id FROM event"))


def test_readings_taken_after_the_backup_are_there_again_and_once(linked: Site, hosting: Hosting) -> None:
    hosting.command("backup", str(hosting.folder.parent / "backup"))
    linked.scan_to_the_end()
    wait_until("readings have arrived after the backup", lambda: len(hosting.readings()) == 8)
    before = hosting.readings(), events(hosting)
    hosting.stop()

    copy = restored(hosting, "elsewhere")
    assert len(copy.readings()) == 4
    copy.start()
    linked.call("POST", "/v1/check-in")
    wait_until("the readings are there again", lambda: len(copy.readings()) == 8)
    wait_until("the site has told that it knows", lambda: _check_in(linked) and copy.rows("SELECT site_id FROM site_generation"))

    assert (copy.readings(), events(copy)) == before
    assert linked.status()["outbox"]["readings"] == 0
    linked.scan_to_the_end()
    wait_until("new readings arrive as before", lambda: len(copy.readings()) == 12)


def test_a_second_copy_and_the_first_server_get_what_the_others_took(linked: Site, hosting: Hosting) -> None:
    hosting.command("backup", str(hosting.folder.parent / "backup"))
    copies = [restored(hosting, "one"), restored(hosting, "two")]
    hosting.stop()
    number = 4
    for server in (*copies, hosting):
        server.start()
        linked.call("POST", "/v1/check-in")
        linked.scan_to_the_end()
        number += 4
        wait_until("all that was ever read is there", lambda: len(server.readings()) == number)  # noqa: B023
        assert len(set(server.readings())) == number
        server.stop()


def test_the_restored_server_says_in_its_list_of_commands_what_is_to_be_done(hosting: Hosting) -> None:
    hosting.command("backup", str(hosting.folder.parent / "backup"))
    words = ["-m", "hosting", "restore", str(hosting.folder.parent / "backup"), "--data", str(hosting.folder.parent / "elsewhere")]

    finished = run_forked("hosting", words)

    assert finished.returncode == 0
    assert "each site is asked for what it has sent since" in finished.stdout


def _check_in(site: Site) -> bool:
    return bool(site.call("POST", "/v1/check-in"))
