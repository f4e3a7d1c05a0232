"""The link of a real site with a real hosting server that has a repository: root of trust, quiet times, commands."""

import io
import tarfile

import pytest

from appliance.common.errors import ControlError
from tests.appliance.collector import Site
from tests.appliance.hosting_server import Hosting
from tests.children import wait_until


@pytest.fixture
def linked(ready_site: Site, hosting: Hosting) -> Site:
    """Return a running site that enrolled, by its environment, at a hosting server with a repository."""
    (hosting.folder / "passphrase").write_text("four words of a test\n")
    keys = ("--local-keys", str(hosting.folder.parent / "offline"), "--passphrase-file", str(hosting.folder / "passphrase"))
    hosting.command("repository", "init", *keys)
    hosting.start()
    ready_site.variables |= {"DCA_HOSTING_CA_FILE": str(hosting.authority), "DCA_UPLOAD_SECONDS": "1"}
    ready_site.variables["DCA_ENROLMENT"] = hosting.enrolment()
    ready_site.start()
    wait_until("the first readings have arrived", lambda: len(hosting.readings()) == 4)
    return ready_site


def test_a_site_keeps_the_root_that_the_server_publishes(linked: Site, hosting: Hosting) -> None:
    assert "&root=" in linked.variables["DCA_ENROLMENT"]
    [root] = (linked.data / "trust" / "repository").glob("*/bootstrap/root.json")
    published = hosting.folder / "repository" / "metadata" / "1.root.json"
    assert root.read_bytes() == published.read_bytes()
    wrong = linked.variables["DCA_ENROLMENT"].partition("&root=")[0] + f"&root={'ab' * 32}"
    with pytest.raises(ControlError, match="does not know the root of trust"):
        linked.call("POST", "/v1/enrol", {"enrolment": wrong})
    assert linked.status()["hosting"]["root_sha256"] == linked.variables["DCA_ENROLMENT"].partition("&root=")[2]


@pytest.mark.parametrize(
    ("off", "on", "words"),
    [
        (("--deactivate",), ("--activate",), "has deactivated this site"),
        (("--expires", "2020-01-01"), ("--no-expiry",), "is over"),
        (("--revoke",), ("--admit",), "has revoked this site"),
    ],
)
def test_a_site_that_is_turned_away_is_quiet_until_it_is_admitted(
    linked: Site, hosting: Hosting, off: tuple[str, ...], on: tuple[str, ...], words: str
) -> None:
    hosting.command("site", "set", "Office", *off)
    with pytest.raises(ControlError, match=words):
        linked.call("POST", "/v1/check-in")
    linked.scan_to_the_end()
    assert linked.status()["outbox"]["readings"] == 4
    hosting.command("site", "set", "Office", *on)
    linked.call("POST", "/v1/check-in")
    wait_until("what waited has arrived", lambda: len(hosting.readings()) == 8)


def test_a_support_bundle_arrives_where_the_site_allows_it(linked: Site, hosting: Hosting) -> None:
    linked.set("privacy.support_bundle=on")
    linked.call("POST", "/v1/check-in")
    assert hosting.state()["update"]["support_bundle"] is True
    hosting.order("send_support_bundle")
    linked.call("POST", "/v1/check-in")
    wait_until("the bundle has arrived", lambda: hosting.rows("SELECT content FROM support_bundle"))
    [(content,)] = hosting.rows("SELECT content FROM support_bundle")
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        assert "dca-support/devices.json" in archive.getnames()
