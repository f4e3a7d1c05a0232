"""What is found out about the container engine, with a small engine on a Unix socket that speaks the real API."""

import json
import os
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest

from updater.engine.capability import ImageUpdates
from updater.engine.own_container import own_container_id
from updater.engine.probe import probe

ID = "4f2a" * 16
MOUNT_INFO = (
    "612 598 0:52 / / rw,relatime master:1 - overlay overlay rw\n"
    f"640 612 259:2 /var/lib/docker/containers/{ID}/resolv.conf /etc/resolv.conf rw - ext4 /dev/nvme0n1p2 rw\n"
    f"641 612 259:2 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/nvme0n1p2 rw\n"
)
PODMAN_MOUNT_INFO = (
    f"700 690 0:40 /containers/overlay-containers/{ID}/userdata/hostname /etc/hostname rw - tmpfs tmpfs rw\n"
    "701 690 0:40 /containers/storage/x /data rw - tmpfs tmpfs rw\n"
)
FOUND = {"Id": ID, "Name": "/dca", "Config": {"Image": "example.org/dca:stable"}, "Image": "sha256:2"}
VERSION = {"Version": "28.2.2", "ApiVersion": "1.50", "MinAPIVersion": "1.24", "Components": [{"Name": "Engine"}]}


class EngineHandler(BaseHTTPRequestHandler):
    """Answers what the engine answers."""

    answers: ClassVar[dict[str, Any]] = {}
    ours: ClassVar[str] = ID
    forbids: ClassVar[bool] = False

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        answer = next((value for name, value in self.answers.items() if path.endswith(name)), None)
        body = json.dumps({"message": "No such container"} if answer is None else answer).encode()
        self.send_response(404 if answer is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Run what is to be run in the container that is ours: on this machine, where the probe is. In others nothing is found."""
        if self.forbids:
            self.send_error(403)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        container, _, call = self.path.partition("?")[0].rpartition("/containers/")[2].partition("/")
        if call == "exec":
            words = json.loads(body)["Cmd"] if container == self.ours else ["false"]
            code = subprocess.run(words, check=False).returncode
            self.answers.update({"/exec/one/json": {"Running": False, "ExitCode": code}})
        self.answers.update({"/exec": {"Id": "one"}, "/start": {}})
        self.do_GET()

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        pass


class Engine:
    """An engine one can put in front of the probe."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "docker.sock"
        self.mount_info = folder / "mountinfo"
        self.forbids = False
        """A proxy of the socket lets nothing be run in containers."""
        self.ours = ID
        """The container that the probe runs in."""
        self.mount_info.write_text(MOUNT_INFO)
        self._server: socketserver.ThreadingUnixStreamServer | None = None

    def serve(self, **answers: Any) -> None:
        listed = [{"Id": name.split("/")[2]} for name in answers if name.startswith("/containers/")]
        told = {"/containers/json": listed} | answers
        handler = type("Handler", (EngineHandler,), {"answers": told, "ours": self.ours, "forbids": self.forbids})
        self._server = socketserver.ThreadingUnixStreamServer(str(self.socket), handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def probe(self) -> ImageUpdates:
        return probe({"DOCKER_HOST": f"unix://{self.socket}"}, mount_info=self.mount_info)

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


@pytest.fixture
def engine() -> Iterator[Engine]:
    folder = Path(tempfile.mkdtemp(prefix="dca-"))
    made = Engine(folder)
    yield made
    made.close()
    shutil.rmtree(folder)


@pytest.mark.parametrize("mount_info", [MOUNT_INFO, PODMAN_MOUNT_INFO])
def test_own_container_is_known_from_the_mounts(mount_info: str) -> None:
    assert own_container_id(mount_info) == ID


def test_machine_without_container_has_no_id() -> None:
    assert own_container_id("612 598 259:2 / / rw - ext4 /dev/nvme0n1p2 rw\n") is None


def test_images_can_be_updated_where_the_engine_knows_this_container(engine: Engine) -> None:
    engine.serve(**{"/version": VERSION, f"/containers/{ID}/json": FOUND})
    answer = engine.probe()
    assert answer.state == "possible"
    assert answer.text == "Engine 28.2.2 (API 1.50) can replace the container dca."
    assert (answer.engine_version, answer.api_version, answer.container_id) == ("28.2.2", "1.50", ID)
    assert (answer.container_name, answer.image) == ("dca", "example.org/dca:stable")


@pytest.mark.parametrize(
    ("config", "host", "said"),
    [
        ({}, {"AutoRemove": True}, "Start it without --rm"),
        ({"Image": "example.org/dca@sha256:1"}, {}, "pinned to one image (example.org/dca@sha256:1)"),
        ({"Image": "4f2a4f2a4f2a"}, {}, "pinned to one image"),
        ({"Labels": {"com.docker.swarm.service.id": "x"}}, {}, "docker service update"),
        ({"Labels": {"io.kubernetes.pod.name": "x"}}, {}, "Kubernetes"),
        ({"Labels": {"PODMAN_SYSTEMD_UNIT": "dca.service"}}, {}, "systemd"),
    ],
)
def test_container_that_is_not_ours_to_replace_is_left_alone(
    engine: Engine, config: dict[str, Any], host: dict[str, Any], said: str
) -> None:
    found = FOUND | {"Config": {"Image": "example.org/dca:stable"} | config, "HostConfig": host}
    engine.serve(**{"/version": VERSION, f"/containers/{ID}/json": found})
    answer = engine.probe()
    assert answer.state == "not here"
    assert said in answer.text


def test_docker_desktop_is_left_to_the_person_at_it(engine: Engine) -> None:
    desktop = VERSION | {"Platform": {"Name": "Docker Desktop 4.44.0 (201307)"}}
    engine.serve(**{"/version": desktop, f"/containers/{ID}/json": FOUND})
    answer = engine.probe()
    assert (answer.state, answer.engine) == ("not here", "Docker Desktop")
    assert "Docker Desktop runs it" in answer.text


@pytest.mark.parametrize(
    ("kind", "state"), [("nfs4", "not here"), ("cifs", "not here"), ("ext4", "possible"), ("btrfs", "possible")]
)
def test_data_on_a_network_file_system_is_no_place_to_update_from(engine: Engine, kind: str, state: str) -> None:
    engine.serve(**{"/version": VERSION, f"/containers/{ID}/json": FOUND})
    engine.mount_info.write_text(f"{MOUNT_INFO}650 612 0:60 / /data rw,relatime - {kind} server:/export rw\n")
    assert engine.probe().state == state


def test_engine_that_runs_other_containers_only_is_no_engine_for_this_one(engine: Engine) -> None:
    engine.serve(**{"/version": VERSION})
    answer = engine.probe()
    assert answer.state == "no engine"
    assert "does not know the container this appliance runs in" in answer.text


@pytest.mark.parametrize("of", [ID, "dca"])
def test_containers_that_would_lose_their_network_are_named(engine: Engine, of: str) -> None:
    rows = [
        {"Id": "1", "Names": ["/metrics"], "HostConfig": {"NetworkMode": f"container:{of}"}},
        {"Id": "2", "Names": ["/other"], "HostConfig": {"NetworkMode": "bridge"}},
    ]
    engine.serve(**{"/version": VERSION, f"/containers/{ID}/json": FOUND, "/containers/json": rows})
    answer = engine.probe()
    assert answer.state == "possible"
    assert answer.text.endswith("are cut off by an update until they are restarted: metrics.")


def test_on_the_network_of_another_container_the_own_one_is_known(engine: Engine) -> None:
    """The mounts are those of the container that owns the network: `network_mode: container:vpn`."""
    engine.ours = "5e" * 32
    own = FOUND | {"Id": engine.ours, "Name": "/dca"}
    engine.serve(
        **{"/version": VERSION, f"/containers/{ID}/json": FOUND | {"Name": "/vpn"}, f"/containers/{engine.ours}/json": own}
    )
    answer = engine.probe()
    assert (answer.state, answer.container_name, answer.container_id) == ("possible", "dca", engine.ours)


def test_a_hint_that_cannot_be_proved_is_not_believed(engine: Engine) -> None:
    engine.ours = "of nobody"
    engine.serve(**{"/version": VERSION, f"/containers/{ID}/json": FOUND})
    assert engine.probe().state == "no engine"


@pytest.mark.parametrize(("labels", "state"), [({"dca.role": "main"}, "possible"), ({}, "no engine")])
def test_where_a_proxy_lets_nothing_be_run_a_hint_needs_our_label(engine: Engine, labels: dict[str, str], state: str) -> None:
    found = FOUND | {"Config": {"Image": "example.org/dca:stable", "Labels": labels}}
    engine.forbids = True
    engine.serve(**{"/version": VERSION, f"/containers/{ID}/json": found})
    assert engine.probe().state == state


def test_missing_socket_is_said(engine: Engine) -> None:
    answer = engine.probe()
    assert answer.state == "no socket"
    assert str(engine.socket) in answer.text


def test_file_that_is_no_socket_is_a_missing_socket(engine: Engine) -> None:
    engine.socket.write_text("")
    assert engine.probe().state == "no socket"


def test_socket_where_nobody_listens_is_no_engine(engine: Engine) -> None:
    engine.serve()
    engine.close()
    answer = engine.probe()
    assert answer.state == "no engine"
    assert "does not answer" in answer.text
    assert "restart the container" in answer.text


def test_something_else_on_the_socket_is_no_engine(engine: Engine) -> None:
    engine.serve(**{"/version": ["what", "is", "this"]})
    assert engine.probe().state == "no engine"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user without permission")
def test_socket_of_another_group_names_the_group_to_add(engine: Engine) -> None:
    engine.serve(**{"/version": VERSION})
    os.chown(engine.socket, 0, 4711)
    engine.socket.chmod(0o660)
    engine.folder.chmod(0o755)
    engine.mount_info.chmod(0o644)
    code = (
        "import os, sys; from pathlib import Path; from updater.engine.probe import probe;"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534);"
        "print(probe({'DOCKER_HOST': 'unix://' + sys.argv[1]}, mount_info=Path(sys.argv[2])).to_json())"
    )
    command = [sys.executable, "-c", code, str(engine.socket), str(engine.mount_info)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "'state': 'no permission'" in answer
    assert "group_add: 4711" in answer


def test_command_says_it_in_words_and_for_programs() -> None:
    words, program = (
        subprocess.run(
            [sys.executable, "-m", "updater", "update", "status", *more], capture_output=True, text=True, check=True
        ).stdout
        for more in ([], ["--json"])
    )
    answer = ImageUpdates.from_json(program.encode())
    assert f"Image updates: {answer.state}. {answer.text}\n" in words
