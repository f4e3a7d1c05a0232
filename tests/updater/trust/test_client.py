"""What the TUF client makes of an honest repository."""

import subprocess
import sys
from datetime import timedelta

import pytest

from tests.conftest import ROOT
from tests.updater.trusting import Site
from tests.updater.tuf_repository import in_days
from updater.errors import ClockError, FetchError, Reason, UntrustedError
from updater.trust.client import file_name


def test_first_refresh_keeps_the_metadata_of_all_top_level_roles(site: Site) -> None:
    site.refresh()

    files = site.repository.files
    assert site.kept() == {
        "root.json": files["metadata/1.root.json"],
        "timestamp.json": files["metadata/timestamp.json"],
        "snapshot.json": files["metadata/2.snapshot.json"],
        "targets.json": files["metadata/2.targets.json"],
    }


def test_idle_refresh_asks_for_the_next_root_and_the_timestamp_alone(site: Site) -> None:
    site.refresh()
    site.server.requests.clear()

    site.refresh()

    assert site.server.requests == ["metadata/2.root.json", "metadata/timestamp.json"]


def test_target_is_downloaded_and_told_with_what_was_signed(site: Site) -> None:
    site.repository.add_target("config/global/a.toml", b"content", config_version=7)
    site.repository.publish()

    with site.client() as client:
        repository = client.refresh()
        target = repository.target("config/global/a.toml")
        file = repository.download("config/global/a.toml", site.targets)

    assert (target.length, target.custom) == (7, {"config_version": 7})
    assert file == site.targets / "config%2Fglobal%2Fa.toml"
    assert file.read_bytes() == b"content"
    assert [path.name for path in site.targets.iterdir()] == [file.name]


def test_target_with_the_right_hash_is_not_fetched_again(site: Site) -> None:
    site.repository.add_target("a", b"content")
    site.repository.publish()
    site.download("a")
    site.server.requests.clear()

    site.download("a")

    assert [path for path in site.server.requests if path.startswith("targets/")] == []


def test_target_that_was_altered_on_the_disk_is_fetched_again(site: Site) -> None:
    site.repository.add_target("a", b"content")
    site.repository.publish()
    site.download("a")
    (site.targets / "a").write_bytes(b"altered")

    assert site.download("a") == b"content"


def test_new_content_takes_the_place_of_the_old(site: Site) -> None:
    for content in (b"one", b"two"):
        site.repository.add_target("a", content)
        site.repository.publish()
        assert site.download("a") == content

    assert [path.name for path in site.targets.iterdir()] == ["a"]


def test_target_nobody_signed_for_is_missing(site: Site) -> None:
    with pytest.raises(UntrustedError, match=r"nothing\.json") as caught:
        site.download("nothing.json")

    assert caught.value.reason is Reason.MISSING


@pytest.mark.parametrize("name", [".", "..", "", ".dca-trust-x", "x" * 300])
def test_target_no_file_can_be_named_after_is_refused(site: Site, name: str) -> None:
    site.repository.add_target(name, b"content")
    site.repository.publish()

    with pytest.raises(UntrustedError) as caught:
        site.download(name)

    assert caught.value.reason is Reason.INVALID


def test_name_of_a_target_does_not_lead_out_of_the_folder() -> None:
    assert file_name("../../etc/passwd") == "..%2F..%2Fetc%2Fpasswd"


def test_root_is_followed_over_several_rotations_of_all_keys(site: Site) -> None:
    site.refresh()
    for role in ("root", "timestamp", "root", "snapshot", "root", "targets"):
        site.repository.rotate_root(role)
    site.repository.publish()

    site.refresh()

    assert site.kept()["root.json"] == site.repository.files["metadata/7.root.json"]
    assert site.kept()["targets.json"] == site.repository.files["metadata/3.targets.json"]


def test_newer_bootstrap_than_the_one_before_is_fine(site: Site) -> None:
    site.refresh()
    site.repository.rotate_root("root")
    site.repository.rotate_root("root")
    site.bootstrap = site.repository.files["metadata/3.root.json"]

    site.refresh()

    assert site.kept()["root.json"] == site.bootstrap


def test_target_in_a_succinct_bin_costs_that_bin_alone(site: Site) -> None:
    site.repository.add_bins(6, "site")
    name = "config/site/4711.json"
    own = site.repository.bin_of(name)
    site.repository.add_target(name, b"{}", own)
    site.repository.publish()

    assert site.download(name) == b"{}"
    assert [path for path in site.server.requests if ".site-" in path] == [f"metadata/2.{own}.json"]


def test_clock_that_was_right_and_fell_back_stops_everything(site: Site) -> None:
    site.refresh()
    site.at(in_days(-3))

    with pytest.raises(ClockError, match="newest-moment"):
        site.refresh()


def test_clock_may_be_put_right_by_minutes(site: Site) -> None:
    site.refresh()
    site.at(in_days(0) - timedelta(minutes=5))

    site.refresh()


def test_server_that_is_gone_is_unreachable(site: Site) -> None:
    site.server.url = "http://127.0.0.1:1"

    error = site.refuses(Reason.UNREACHABLE, "127.0.0.1:1")

    assert isinstance(error, FetchError)


def test_long_running_processes_do_not_load_the_library() -> None:
    code = (
        "import sys, appliance.service.collector.process, webui.server, updater.supervisor.supervisor, updater.cli;"
        "print(*{'tuf', 'securesystemslib'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout.strip() == ""
