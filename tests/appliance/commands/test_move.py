"""A site moves to another provider: no gap, and no certificate joined by hand."""

import dataclasses
from pathlib import Path

import pytest

from tests.appliance.collector import Site
from tests.appliance.hosting_server import Hosting
from tests.children import wait_until
from tests.conftest import FreePort, StartChild

WHOLE = 150.0
"""Seconds for readings to arrive by themselves: they are sent each minute."""


@pytest.fixture
def other_hosting(tmp_path: Path, free_port: FreePort, start_child: StartChild) -> Hosting:
    """Return the hosting server of another provider."""
    return Hosting(tmp_path / "other", free_port(), start_child).prepare()


def devices(hosting: Hosting) -> set[str]:
    return {key for key, _ in hosting.readings()}


def test_a_new_provider_is_told_of_known_devices_at_once(ready_site: Site, hosting: Hosting, other_hosting: Hosting) -> None:
    hosting.start()
    other_hosting.start()
    ready_site.start()
    enrolled = ready_site.dca("enrol", hosting.enrolment(), "--ca", hosting.authority)
    assert enrolled.returncode == 0, enrolled.stderr
    ready_site.wait_for_scan()
    wait_until("the first provider has them", lambda: len(devices(hosting)) == 4, WHOLE)
    wait_until("nothing waits", lambda: ready_site.status()["outbox"]["readings"] == 0)
    read = ready_site.status()["last_scan"]["id"]

    moved = ready_site.dca("enrol", other_hosting.enrolment(), "--ca", other_hosting.authority)
    assert moved.returncode == 0, moved.stderr

    wait_until("the other one has them", lambda: devices(other_hosting) == devices(hosting), WHOLE)
    assert ready_site.status()["last_scan"]["id"] == read, "without a scan"
    assert len(other_hosting.readings()) == 4


def test_enrolling_again_at_the_same_site_sends_nothing_twice(ready_site: Site, hosting: Hosting) -> None:
    hosting.start()
    ready_site.start()
    assert ready_site.dca("enrol", hosting.enrolment(), "--ca", hosting.authority).returncode == 0
    ready_site.wait_for_scan()
    wait_until("nothing waits", lambda: len(devices(hosting)) == 4 and ready_site.status()["outbox"]["readings"] == 0, WHOLE)
    assert ready_site.dca("enrol", hosting.enrolment()).returncode == 0
    assert ready_site.status()["outbox"]["readings"] == 0
    assert len(hosting.readings()) == 4


def test_a_move_without_a_running_collector_is_made_up_for_when_it_runs(
    ready_site: Site, hosting: Hosting, other_hosting: Hosting
) -> None:
    hosting.start()
    other_hosting.start()
    assert ready_site.dca("enrol", hosting.enrolment(), "--ca", hosting.authority).returncode == 0
    child = ready_site.start()
    ready_site.wait_for_scan()
    wait_until("the first provider has them", lambda: len(devices(hosting)) == 4, WHOLE)
    wait_until("nothing waits", lambda: ready_site.status()["outbox"]["readings"] == 0)
    assert child.stop().returncode == 0
    moved = ready_site.dca("enrol", other_hosting.enrolment(), "--ca", other_hosting.authority)
    assert moved.returncode == 0, moved.stderr
    ready_site.start()
    wait_until("the other one has them", lambda: devices(other_hosting) == devices(hosting), WHOLE)


def test_certificates_join_those_in_use(site: Site, hosting: Hosting, other_hosting: Hosting) -> None:
    hosting.start()
    other_hosting.start()
    assert site.dca("enrol", hosting.enrolment(), "--ca", hosting.authority).returncode == 0
    assert site.dca("enrol", other_hosting.enrolment(), "--ca", other_hosting.authority).returncode == 0
    [file] = (site.data / "trust").glob("authorities-*.pem")
    assert file.read_text().count("BEGIN CERTIFICATE") == 2
    assert f"{file}" in site.dca("settings", "show").stdout
    assert site.dca("enrol", hosting.enrolment()).returncode == 0, "the former one is trusted as before"
    assert site.dca("enrol", other_hosting.enrolment(), "--ca", other_hosting.authority).returncode == 0
    [file] = (site.data / "trust").glob("authorities-*.pem")
    assert file.read_text().count("BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no certificate", "holds no certificate in PEM form"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds no certificate in PEM form"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n", "holds a private key"),
        (b"\xff\xfe", "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_authority_changes_nothing(site: Site, tmp_path: Path, content: bytes | None, sentence: str) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    finished = site.dca("enrol", "https://127.0.0.1:1#enrol=CODE1234", "--ca", file)
    assert finished.returncode == 1
    assert sentence in finished.stderr
    assert len(finished.stderr.splitlines()) == 1
    assert "AAAA" not in finished.stderr


def test_an_enrolment_that_fails_leaves_the_authorities_as_they_were(site: Site, hosting: Hosting, other_hosting: Hosting) -> None:
    hosting.start()
    assert site.dca("enrol", hosting.enrolment(), "--ca", hosting.authority).returncode == 0
    away = dataclasses.replace(other_hosting)
    finished = site.dca("enrol", away.enrolment(), "--ca", away.authority)
    assert finished.returncode == 1
    assert site.dca("enrol", hosting.enrolment()).returncode == 0
    assert len(list((site.data / "trust").glob("authorities-*.pem"))) == 1


def test_an_authority_the_environment_names_is_changed_there(site: Site, hosting: Hosting) -> None:
    hosting.start()
    site.variables["DCA_HOSTING_CA_FILE"] = str(hosting.authority)
    finished = site.dca("enrol", hosting.enrolment(), "--ca", hosting.authority)
    assert finished.returncode == 1
    assert "set by DCA_HOSTING_CA_FILE in the environment" in finished.stderr
