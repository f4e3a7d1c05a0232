"""`dca enrol`."""

import stat
from pathlib import Path

import pytest

from tests.appliance.collector import Site
from tests.appliance.hosting_server import Hosting
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
