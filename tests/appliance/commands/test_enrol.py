"""`dca enrol`."""

import stat
from pathlib import Path

import pytest

from tests.appliance.collector import Site
from tests.appliance.hosting_peer import Decided
from tests.appliance.hosting_server import Hosting
from tests.appliance.transmission.peer import serving
from tests.children import wait_until


def test_enrol_without_and_with_a_running_collector(site: Site, hosting: Hosting, tmp_path: Path) -> None:
    hosting.start()
    site.variables["DCA_HOSTING_CA_FILE"] = str(hosting.authority)
    (tmp_path / "string").write_text(hosting.enrolment() + "\n")
    finished = site.dca("enrol", "--file", tmp_path / "string")
    assert finished.returncode == 0, finished.stderr
    assert f"Enrolled at https://127.0.0.1:{hosting.port}" in finished.stdout
    assert stat.S_IMODE((site.data / "trust" / "request.key").stat().st_mode) == 0o600
    site.start()
    assert site.status()["hosting"]["enrolled"]
    again = site.dca("enrol", hosting.enrolment())
    assert again.returncode == 0, again.stderr
    wait_until("a contact", lambda: site.status()["hosting"]["last_contact_at"])


def test_a_string_without_a_root_is_told_what_it_lacks_and_one_with_a_root_is_not(site: Site) -> None:
    decided = Decided(root='{"signed": {}}')
    with serving(decided.answer) as peer:
        without = site.dca("enrol", f"{peer.url}#enrol=CODE1234")
        assert "signed configuration of the hosting server is not taken" in without.stdout
        site.start()
        assert site.status()["hosting"]["root_sha256"] is None
        with_root = site.dca("enrol", f"{peer.url}#enrol=CODE1234&root={decided.root_sha256}")
    assert with_root.returncode == 0, with_root.stderr
    assert "signed configuration" not in with_root.stdout
    assert site.status()["hosting"]["root_sha256"] == decided.root_sha256
    [root] = (site.data / "trust" / "repository").glob("*/bootstrap/root.json")
    assert root.read_text() == decided.root


def test_the_environment_enrols_with_a_root_too(site: Site, tmp_path: Path) -> None:
    decided = Decided(root='{"signed": {}}')
    with serving(decided.answer) as peer:
        (tmp_path / "string").write_text(f"{peer.url}#enrol=CODE1234&root={decided.root_sha256}\n")
        site.variables["DCA_ENROLMENT_FILE"] = str(tmp_path / "string")
        site.start()
        wait_until("it is enrolled", lambda: site.status()["hosting"]["root_sha256"] == decided.root_sha256)


def test_a_root_that_differs_is_told_once_and_not_tried_again(site: Site) -> None:
    decided = Decided(root='{"signed": {}}')
    with serving(decided.answer) as peer:
        site.variables["DCA_ENROLMENT"] = f"{peer.url}#enrol=CODE1234&root={'ab' * 32}"
        site.start()
        wait_until("the trouble is told", lambda: site.problem("enrolment"))
        assert "somebody between this site and the server" in (site.problem("enrolment") or "")
        assert not site.status()["hosting"]["enrolled"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hosting.example.com", "no enrolment string"),
        ("https://127.0.0.1:1#enrol=CODE1234", "refuses the connection"),
        ("https://no-such-host.invalid#enrol=CODE1234", "cannot be resolved"),
    ],
)
def test_an_enrolment_that_fails_is_one_sentence_without_the_code(site: Site, text: str, sentence: str) -> None:
    finished = site.dca("enrol", text)
    assert finished.returncode == 1
    assert sentence in finished.stderr
    assert "CODE1234" not in finished.stderr
    assert len(finished.stderr.splitlines()) == 1
