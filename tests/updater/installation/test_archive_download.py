"""The archive of an image comes whole, once, and goes on after whatever broke it off."""

import hashlib
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.settings.model import HostingSettings
from tests.children import wait_until
from tests.conftest import ROOT, FreePort, StartChild
from tests.requirement import missing
from tests.updater.archive_server import ArchiveServer, serving
from tests.updater.trusting import Site
from updater.errors import FetchError, Reason, TrustFolderError, UntrustedError
from updater.installation import archive_download
from updater.installation.archive_download import download
from updater.trust.client import Target
from updater.trust.http_source import Fetcher, FetchLimits

CONTENT = random.Random(6).randbytes(1_000_000)
NAME = "0.2.0-linux-amd64.tar.gz"
AT_ONCE = (0.0, 0.0, 0.0)


def target(url: str, content: bytes = CONTENT, **changes: object) -> Target:
    values = {"length": len(content), "hashes": {"sha256": hashlib.sha256(content).hexdigest()}} | changes
    return Target(f"release/{NAME}", custom={}, url=url, **values)  # type: ignore[arg-type]


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with serving(ArchiveServer(CONTENT)) as served:
        yield served


class Line:
    """The downloads of one site: what they told, and what they cost."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.percents: list[int | None] = []
        self.received = 0

    def fetch(self, wanted: Target, *, pauses: tuple[float, ...] = (), limits: FetchLimits | None = None) -> Path:
        fetcher = Fetcher(HostingSettings(), limits)
        try:
            return download(wanted, fetcher, self.folder, lambda _text, percent: self.percents.append(percent), pauses=pauses)
        finally:
            fetcher.close()
            self.received += fetcher.traffic.bytes_received


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path / "images")


def test_an_archive_comes_whole_and_says_how_far_it_is(server: ArchiveServer, line: Line) -> None:
    file = line.fetch(target(server.url))

    assert file == line.folder / NAME
    assert file.read_bytes() == CONTENT
    assert list(line.folder.iterdir()) == [file]
    assert line.percents == sorted(set(line.percents), key=lambda percent: percent or 0)
    assert line.percents[-1] == 100
    assert len(CONTENT) < line.received < 1.1 * len(CONTENT)


def test_an_archive_that_is_there_is_not_fetched_again(server: ArchiveServer, line: Line) -> None:
    line.fetch(target(server.url))
    line.fetch(target(server.url))

    assert len(server.asked) == 1


def test_after_a_broken_connection_only_the_rest_is_fetched(server: ArchiveServer, line: Line) -> None:
    server.cuts = [400_000, 300_000]

    assert line.fetch(target(server.url), pauses=AT_ONCE).read_bytes() == CONTENT

    assert server.asked == [("", ""), ("bytes=400000-", '"1"'), ("bytes=700000-", '"1"')]
    assert server.sent == [400_000, 300_000, 300_000]


def test_the_next_try_goes_on_where_the_last_one_gave_up(server: ArchiveServer, line: Line) -> None:
    server.cuts = [400_000]
    with pytest.raises(FetchError):
        line.fetch(target(server.url))
    assert {file.name for file in line.folder.iterdir()} == {f"{NAME}.part", f"{NAME}.part.json"}

    assert line.fetch(target(server.url)).read_bytes() == CONTENT
    assert server.sent == [400_000, 600_000]


def test_a_server_without_parts_sends_it_anew(server: ArchiveServer, line: Line) -> None:
    server.ranges = False
    server.cuts = [400_000]

    assert line.fetch(target(server.url), pauses=AT_ONCE).read_bytes() == CONTENT
    assert server.sent == [400_000, 1_000_000]


def test_a_server_without_validators_goes_on_all_the_same(server: ArchiveServer, line: Line) -> None:
    server.etag = ""
    server.cuts = [400_000]

    assert line.fetch(target(server.url), pauses=AT_ONCE).read_bytes() == CONTENT
    assert server.asked[1] == ("bytes=400000-", "")


def test_a_server_without_lengths_goes_on_and_is_given_up_when_nothing_comes(server: ArchiveServer, line: Line) -> None:
    server.lengths = False
    server.cuts = [400_000, 0, 0]

    with pytest.raises(FetchError, match="was cut off"):
        line.fetch(target(server.url), pauses=(0.0, 0.0))

    assert server.sent == [400_000, 0, 0]
    assert line.fetch(target(server.url)).read_bytes() == CONTENT


def test_a_file_that_has_changed_meanwhile_comes_anew(server: ArchiveServer, line: Line) -> None:
    server.content = bytes(1_000_000)
    server.cuts = [400_000]
    with pytest.raises(FetchError):
        line.fetch(target(server.url))
    server.content, server.etag = CONTENT, '"2"'

    assert line.fetch(target(server.url)).read_bytes() == CONTENT
    assert server.asked[1] == ("bytes=400000-", '"1"')
    assert server.sent[1] == 1_000_000


@pytest.mark.parametrize("lie", ["lies", "416"])
def test_a_server_that_does_not_go_on_with_the_part_is_asked_for_all(server: ArchiveServer, line: Line, lie: str) -> None:
    server.cuts = [400_000]
    with pytest.raises(FetchError):
        line.fetch(target(server.url))
    server.lies = lie == "lies"
    server.statuses = [416] if lie == "416" else []

    assert line.fetch(target(server.url), pauses=AT_ONCE).read_bytes() == CONTENT
    assert server.asked[-1] == ("", "")


def test_an_archive_of_another_hash_is_deleted_and_told(server: ArchiveServer, line: Line) -> None:
    server.content = CONTENT[:-1] + b"x"

    with pytest.raises(UntrustedError, match="is not the one that was signed, and was deleted") as caught:
        line.fetch(target(server.url))

    assert caught.value.reason is Reason.MISMATCH
    assert list(line.folder.iterdir()) == []


def test_every_hash_that_was_signed_counts(server: ArchiveServer, line: Line) -> None:
    hashes = {"sha256": hashlib.sha256(CONTENT).hexdigest(), "sha512": hashlib.sha512(b"other").hexdigest()}

    with pytest.raises(UntrustedError):
        line.fetch(target(server.url, hashes=hashes))


def test_an_archive_longer_than_signed_is_given_up_at_once(server: ArchiveServer, line: Line) -> None:
    with pytest.raises(FetchError) as caught:
        line.fetch(target(server.url, length=len(CONTENT) - 1), pauses=AT_ONCE)

    assert caught.value.reason is Reason.TOO_LONG
    assert len(server.asked) == 1


def test_an_archive_of_more_than_2_gib_is_not_asked_for(server: ArchiveServer, line: Line) -> None:
    with pytest.raises(UntrustedError) as caught:
        line.fetch(target(server.url, length=archive_download.ARCHIVE_BYTES + 1))

    assert caught.value.reason is Reason.TOO_LONG
    assert server.asked == []


@pytest.mark.parametrize(("status", "requests"), [(404, 1), (403, 1), (429, 1), (503, 4)])
def test_only_what_may_pass_is_tried_again(server: ArchiveServer, line: Line, status: int, requests: int) -> None:
    server.statuses = [status] * 9

    with pytest.raises(FetchError) as caught:
        line.fetch(target(server.url), pauses=AT_ONCE)

    assert caught.value.status == status
    assert len(server.asked) == requests


def test_archives_of_other_versions_and_parts_of_them_go(server: ArchiveServer, line: Line) -> None:
    line.folder.mkdir()
    for name in ("0.1.0-linux-amd64.tar.gz", "0.1.9-linux-amd64.tar.gz.part", "0.1.9-linux-amd64.tar.gz.part.json"):
        (line.folder / name).write_text("old")

    line.fetch(target(server.url))

    assert [file.name for file in line.folder.iterdir()] == [NAME]


def test_a_part_of_another_archive_with_that_name_is_not_gone_on_with(server: ArchiveServer, line: Line) -> None:
    server.cuts = [400_000]
    with pytest.raises(FetchError):
        line.fetch(target(server.url))
    server.content = other = bytes(reversed(CONTENT))

    assert line.fetch(target(server.url, other)).read_bytes() == other
    assert server.asked[1] == ("", "")


def test_the_rate_that_the_site_allows_is_kept(server: ArchiveServer, line: Line) -> None:
    began = time.monotonic()
    line.fetch(target(server.url), limits=FetchLimits(maximum_rate=500_000))

    assert 1.8 < time.monotonic() - began < 6


def test_a_server_that_drips_is_given_up(server: ArchiveServer, line: Line) -> None:
    server.rate = 50_000

    with pytest.raises(FetchError) as caught:
        line.fetch(target(server.url), limits=FetchLimits(minimum_rate=5_000_000, grace_seconds=0.5))

    assert caught.value.reason is Reason.SLOW


def test_after_a_power_cut_only_what_was_durable_is_gone_on_with(
    server: ArchiveServer, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_download, "SYNC_BYTES", 250_000)
    server.cuts = [400_000]
    with pytest.raises(FetchError):
        line.fetch(target(server.url))
    # What came last is there by its length alone, and the host has started anew.
    notes = line.folder / f"{NAME}.part.json"
    noted = json.loads(notes.read_bytes())
    durable = noted["synced"]
    assert 250_000 <= durable < 400_000
    part = line.folder / f"{NAME}.part"
    part.write_bytes(part.read_bytes()[:durable] + bytes(400_000 - durable))
    notes.write_text(json.dumps(noted | {"boot": "another"}))

    assert line.fetch(target(server.url)).read_bytes() == CONTENT
    assert server.asked[1][0] == f"bytes={durable}-"


@pytest.mark.parametrize("notes", [b"", b"[]", b"{"])
def test_notes_that_cannot_be_read_mean_a_new_beginning(server: ArchiveServer, line: Line, notes: bytes) -> None:
    server.cuts = [400_000]
    with pytest.raises(FetchError):
        line.fetch(target(server.url))
    (line.folder / f"{NAME}.part.json").write_bytes(notes)

    assert line.fetch(target(server.url)).read_bytes() == CONTENT


CLIENT = """
import sys
from pathlib import Path
from appliance.settings.model import HostingSettings
from updater.installation.archive_download import download
from updater.trust.http_source import Fetcher, FetchLimits
from updater.trust.client import Target

url, length, sha256, folder = sys.argv[1:]
target = Target("release/0.2.0-linux-amd64.tar.gz", int(length), {"sha256": sha256}, {}, url)
download(target, Fetcher(HostingSettings(), FetchLimits(maximum_rate=400_000)), Path(folder), lambda *_: None)
"""


def test_a_killed_process_loses_nothing_of_what_came(server: ArchiveServer, line: Line, start_child: StartChild) -> None:
    wanted = target(server.url)
    part = line.folder / f"{NAME}.part"
    words: list[str | Path] = ["python", "-c", CLIENT, wanted.url, str(wanted.length), wanted.hashes["sha256"], line.folder]
    child = start_child(words, folder=ROOT)
    wait_until("a third is there", lambda: part.exists() and part.stat().st_size > 300_000)
    child.send(signal.SIGKILL)
    child.wait()
    there = part.stat().st_size

    assert line.fetch(wanted).read_bytes() == CONTENT

    assert server.asked[1] == (f"bytes={there}-", '"1"')
    assert server.sent[1] == len(CONTENT) - there
    assert line.received < 1.1 * (len(CONTENT) - there) + 2000


def test_a_server_that_is_killed_and_comes_back_goes_on(
    line: Line, start_child: StartChild, free_port: FreePort, tmp_path: Path
) -> None:
    (tmp_path / "archive").write_bytes(CONTENT)
    words: list[str | Path] = ["python", "-m", "tests.updater.archive_server", str(free_port()), tmp_path / "archive"]
    first = start_child([*words, "500000"], folder=ROOT)
    url = first.wait_for("serving").split()[1]
    part = line.folder / f"{NAME}.part"
    done: list[Path] = []
    client = threading.Thread(target=lambda: done.append(line.fetch(target(url), pauses=(0.5,) * 40)))
    client.start()
    wait_until("a third is there", lambda: part.exists() and part.stat().st_size > 300_000)
    first.kill()
    there = part.stat().st_size
    start_child([*words, "0"], folder=ROOT)
    client.join(30)

    assert [file.read_bytes() for file in done] == [CONTENT]
    assert line.received < 1.1 * len(CONTENT) + 10_000, there


def test_an_archive_is_what_the_repository_has_signed(site: Site, line: Line) -> None:
    site.repository.add_target(f"release/{NAME}", CONTENT)
    site.repository.publish()
    wanted = site.refresh().target(f"release/{NAME}")

    assert line.fetch(wanted).read_bytes() == CONTENT
    assert site.server.requests[-1] == f"targets/release/{hashlib.sha256(CONTENT).hexdigest()}.{NAME}"


def test_a_full_disk_is_told_and_given_back(server: ArchiveServer, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if os.getuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", small], check=False).returncode:
        missing("no small disk can be mounted")
    try:
        with pytest.raises(TrustFolderError) as caught:
            Line(small / "images").fetch(target(server.url))
        assert caught.value.reason is Reason.DISK_FULL
        assert list((small / "images").iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)
