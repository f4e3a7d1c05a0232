"""`dca trust` as scripts and conformance suites run it, killed at any moment, too."""

import re
import shutil
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.children import Child, Finished, run_child
from tests.conftest import StartChild
from tests.forked import run_forked
from tests.updater.trusting import Site
from tests.updater.tuf_repository import in_days

DCA = Path(sys.executable).with_name("dca")


class Command:
    """The command, with all options of one site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.root = site.folder / "given-root.json"
        self.root.write_bytes(site.repository.trusted_root)

    def words(self, *action: str, targets: tuple[str, ...] = ()) -> list[str | Path]:
        site = self.site
        names = [word for target in targets for word in ("--target-name", target)]
        where: list[str | Path] = ["--metadata-dir", site.trust, "--metadata-url", site.server.metadata_url]
        return [DCA, "trust", *where, *names, "--target-base-url", site.server.target_url, "--target-dir", site.targets, *action]

    def run(self, *action: str, targets: tuple[str, ...] = (), **environment: str) -> Finished:
        words = self.words(*action, targets=targets)[1:]
        return run_forked("updater", ["-m", "updater", *words], environment=environment)

    def init(self) -> Finished:
        return run_child([DCA, "trust", "--metadata-dir", self.site.trust, "init", self.root])


@pytest.fixture
def command(site: Site) -> Command:
    return Command(site)


def done(finished: Finished) -> None:
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


def failed(finished: Finished, *named: str) -> None:
    """Require exit code 1 and one line on standard error."""
    assert finished.returncode == 1, finished
    assert finished.stdout == ""
    assert re.fullmatch(r"dca: .+[.)]\n", finished.stderr), finished.stderr
    assert [word for word in named if word not in finished.stderr] == [], finished.stderr


def test_init_copies_the_root_and_contacts_nobody(site: Site, command: Command) -> None:
    done(command.init())

    assert site.kept() == {"root.json": site.repository.trusted_root}
    assert site.server.requests == []


def test_refresh_keeps_the_metadata_under_plain_names(site: Site, command: Command) -> None:
    command.init()

    done(command.run("refresh"))

    assert sorted(site.kept()) == ["root.json", "snapshot.json", "targets.json", "timestamp.json"]


def test_download_does_several_targets_in_order_and_none_twice(site: Site, command: Command) -> None:
    for name in ("b", "path/a", "c"):
        site.repository.add_target(name, name.encode())
    site.repository.publish()
    command.init()

    done(command.run("download", targets=("b", "path/a")))
    done(command.run("download", targets=("c", "b")))

    asked = [path.rpartition(".")[2] for path in site.server.requests if path.startswith("targets/")]
    assert asked == ["b", "a", "c"]
    assert {path.name: path.read_text() for path in site.targets.iterdir()} == {"b": "b", "path%2Fa": "path/a", "c": "c"}


def test_init_again_keeps_what_is_trusted(site: Site, command: Command) -> None:
    command.init()
    command.run("refresh")
    before = site.kept()

    done(command.init())

    assert site.kept() == before


def test_failures_are_one_sentence(site: Site, command: Command) -> None:
    failed(command.run("refresh"), "init ROOT")
    command.root.write_text("{}")
    failed(command.init(), "given-root.json")
    command.root.unlink()
    failed(command.init(), "given-root.json")
    Command(site).init()
    failed(command.run("download", targets=("nothing",)), "nothing")
    failed(command.run("refresh", DCA_PROXY="http://127.0.0.1:1"), "DCA_PROXY")
    site.repository.timestamp.expires = in_days(-1)
    site.repository.publish()
    failed(command.run("refresh"), "timestamp.json")
    site.repository.files["metadata/timestamp.json"] = b'{"signed": ' + b"[" * 10_000
    failed(command.run("refresh"), "timestamp.json")


def test_signatures_that_do_not_verify_print_no_more_than_a_sentence(site: Site, command: Command) -> None:
    command.init()
    content = site.repository.files["metadata/timestamp.json"]
    site.repository.files["metadata/timestamp.json"] = content.replace(b'"version":2', b'"version":9').replace(
        b'"version": 2', b'"version": 9'
    )

    failed(command.run("refresh"), "timestamp.json")


@pytest.mark.parametrize("missing", ["--metadata-url", "--target-name", "--target-base-url", "--target-dir"])
def test_missing_option_is_wrong_use(command: Command, missing: str) -> None:
    words = command.words("download", targets=("a",))
    place = words.index(missing)

    finished = run_child(words[:place] + words[place + 2 :])

    assert finished.returncode == 2
    assert missing in finished.stderr
    assert "Traceback" not in finished.stderr


def test_interrupt_ends_it_without_a_traceback(site: Site, command: Command, start_child: StartChild) -> None:
    asked = threading.Event()

    def wait(_handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        site.server.stopped.wait(30)

    command.init()
    site.server.behaviours["metadata/timestamp.json"] = wait
    child = start_child(command.words("refresh"))
    assert asked.wait(30)
    child.send(signal.SIGINT)

    assert (child.wait().returncode, child.stderr) == (130, "")


OLD, NEW = b"old" * 50_000, b"new" * 50_000


@pytest.fixture
def updated(site: Site, command: Command) -> Site:
    """A site that has the old file, of a repository that has the new one."""
    site.repository.add_target("a", OLD)
    site.repository.publish()
    command.init()
    done(command.run("download", targets=("a",)))
    site.repository.rotate_root("timestamp")
    site.repository.add_target("a", NEW)
    site.repository.publish()
    return site


def killed_while(site: Site, command: Command, start_child: StartChild, path: str, sent: int) -> None:
    """Kill the command once so many bytes of `path` have been sent."""
    content, asked = site.repository.files[path], threading.Event()

    def stall(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:sent])
        asked.set()
        site.server.stopped.wait(30)

    site.server.behaviours[path] = stall
    child: Child = start_child(command.words("download", targets=("a",)))
    assert asked.wait(30)
    child.kill()
    site.server.behaviours.clear()


def test_kill_during_any_file_leaves_the_old_whole_and_the_next_run_brings_the_new(
    updated: Site, command: Command, start_child: StartChild
) -> None:
    target = next(path for path, content in updated.repository.files.items() if content == NEW)
    repository = updated.repository
    names = (
        "2.root.json",
        "timestamp.json",
        f"{repository.snapshot.version}.snapshot.json",
        f"{repository.targets.version}.targets.json",
    )
    points = [(f"metadata/{name}", sent) for name in names for sent in (0, 100)]
    for path, sent in [*points, (target, 0), (target, 70_000), (target, len(NEW) - 1)]:
        killed_while(updated, command, start_child, path, sent)
        assert (updated.targets / "a").read_bytes() == OLD, path

    done(command.run("download", targets=("a",)))
    assert {path.name: path.read_bytes() for path in updated.targets.iterdir()} == {"a": NEW}
    assert not [path for path in updated.trust.iterdir() if path.name.startswith("tmp")]


KILL_AT = """
import os, signal, sys
from updater.cli import main
folder, point, seen = sys.argv.pop(1), int(sys.argv.pop(1)), 0

def hook(event, arguments):
    global seen
    if event in ("open", "os.rename", "os.remove", "os.symlink", "os.mkdir") and folder in str(arguments[0]):
        if seen == point:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

sys.addaudithook(hook)
code = main()
print(seen)
sys.exit(code)
"""


def test_kill_before_any_change_of_a_file_leaves_old_or_new_whole(updated: Site, command: Command, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    shutil.copytree(updated.trust, saved / "trust", symlinks=True)
    shutil.copytree(updated.targets, saved / "targets")
    words = command.words("download", targets=("a",))[2:]

    def run_until(point: int) -> Finished:
        for name in ("trust", "targets"):
            shutil.rmtree(updated.folder / name)
            shutil.copytree(saved / name, updated.folder / name, symlinks=True)
        return run_forked("updater", ["-c", KILL_AT, str(updated.folder), str(point), "trust", *words])

    points = int(run_until(-1).stdout)
    assert points >= 20
    for number in range(20):
        assert run_until(number * points // 20).returncode == -signal.SIGKILL
        assert (updated.targets / "a").read_bytes() in (OLD, NEW)
        if number % 4 == 0:
            done(command.run("download", targets=("a",)))
            assert {path.name: path.read_bytes() for path in updated.targets.iterdir()} == {"a": NEW}
