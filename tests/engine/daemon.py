"""An engine of a test's own, whose power can be cut: one SIGKILL ends daemon, containerd, shims and containers at the same moment.

All of them live in one process namespace, so the kernel ends them together, and in one mount namespace, so that no mount is left.
What a machine keeps in memory (/run) is gone too: the state folder of the daemon is a tmpfs of that namespace. Networks are those
of the machine, so a test reaches published ports, and a container reaches a server of the test at the gateway of its network.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import docker

from tests.children import wait_until
from tests.engine.client import DOCKER

START_SECONDS = 60.0
STOP_SECONDS = 60.0
TRANSFER_SECONDS = 300.0
ATTEMPTS = 3
POOLS, POOL_NETWORKS = 32, 4
"""The networks of these engines lie in 10.216.0.0/17, four for each process; those of the engine of the other tests elsewhere."""

# $1 root of the engine's programs ("/" or a chroot), $2 folder of the engine, $3 configuration of containerd, the rest: the daemon.
LAUNCH = """
root=${1%/} folder=$2
shift 2
mount -t tmpfs -o mode=0755 tmpfs "$folder/run"
if [ "$root" ]; then
    mount --bind "$root" "$root"
    mkdir -p "$root$folder"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=0755 tmpfs "$root/run"
    mount --rbind "$folder" "$root$folder"
    mount -t proc proc "$root/proc"
    cd "$root"
    # With chroot alone, what is run inside a container later (docker exec) would find itself at the root of this machine.
    pivot_root . mnt
    cd /
    umount --lazy /mnt
else
    mount -t proc proc /proc
fi
# As the units of Debian do: containerd and the daemon are two services, and each is started again when it is gone.
containerd=$1
shift
keep_containerd() {
    while [ ! -e "$folder/run/stopping" ]; do
        containerd --config "$containerd" || true
        sleep 0.5
    done
}
keep_containerd &
trap ': > "$folder/run/stopping"; kill -TERM $daemon' TERM
while [ ! -e "$folder/run/stopping" ]; do
    "$@" &
    daemon=$!
    wait $daemon || wait $daemon || true
    sleep 0.5
done
"""


CONTAINERD = """version = 2
root = "{folder}/data/containerd"
state = "{folder}/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{folder}/run/containerd/containerd.sock"
"""


@dataclass(frozen=True, slots=True)
class EngineKind:
    """Which engine to run: programs of this machine, or of a folder made by tests/engine/trixie.sh, and the store of images."""

    root: Path = Path("/")
    containerd_store: bool = False

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the kind that `DCA_ENGINE_ROOT` (a folder) and `DCA_ENGINE_STORE` (`overlay2` or `containerd`) choose."""
        root = Path(environment.get("DCA_ENGINE_ROOT") or "/").resolve()
        return cls(root, environment.get("DCA_ENGINE_STORE") == "containerd")

    @property
    def name(self) -> str:
        """Return a short name: `machine`, `trixie` or `trixie-containerd` for a folder `trixie`."""
        return (self.root.name or "machine") + ("-containerd" if self.containerd_store else "")

    def available(self) -> str | None:
        """Return what is missing to run it, else None."""
        if os.geteuid():
            return "an engine of its own needs root"
        if not shutil.which("dockerd", path=os.pathsep.join(str(self.root / folder) for folder in ("usr/sbin", "usr/bin"))):
            return f"there is no dockerd in {self.root}"
        return None


@dataclass
class PrivateEngine:
    """A Docker Engine with all its data below `folder`; `with` starts and stops it."""

    folder: Path
    kind: EngineKind = field(default_factory=EngineKind)
    pool: str = field(default_factory=lambda: pool_of(os.getpid()))
    live_restore: bool = False
    _process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """The engine's own socket."""
        return self.folder / "engine.sock"

    @property
    def address(self) -> str:
        """The engine's socket as in `DOCKER_HOST`."""
        return f"unix://{self.socket}"

    @property
    def log(self) -> str:
        """What the engine wrote since it was first started."""
        return (self.folder / "engine.log").read_text(errors="replace")

    def client(self) -> docker.DockerClient:
        """Return a client that speaks to the engine directly."""
        return docker.DockerClient(base_url=self.address, timeout=120)

    def __enter__(self) -> Self:
        """Start the engine."""
        try:
            self.start()
        except BaseException:
            self.power_cut()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Remove what the engine made on this machine, and stop it."""
        self.clear()
        self.stop()

    def start(self) -> None:
        """Start the engine and wait until it answers; after a power cut a first try can fail, so there are three."""
        for attempt in range(ATTEMPTS):
            self._launch()
            if self._answers():
                return
            self.power_cut()
            if attempt + 1 < ATTEMPTS:
                time.sleep(1)
        raise AssertionError(f"the engine does not start:\n{self.log[-4000:]}")

    def power_cut(self) -> None:
        """End the daemon, containerd, shims and all processes of all containers at once, as a power cut does."""
        process, self._process = self._process, None
        if process is None:
            return
        for first in _children(process.pid):
            with suppress(ProcessLookupError):
                os.kill(first, signal.SIGKILL)
        # The first process of the namespace is gone only after all the others.
        process.wait(START_SECONDS)

    def kill(self, *names: str) -> None:
        """End programs of the engine by SIGKILL, as a lack of memory does: `dockerd`, `containerd`; shims and containers run on.

        Each is started again, as systemd does it. Returns when they are gone; `wait` waits for the engine.
        """
        assert self._process is not None
        pids = [pid for name in names for pid in _named(_descendants(self._process.pid), name)]
        assert len(pids) == len(names), f"{names}: {pids}"
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        wait_until("they are gone", lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))

    def end(self, container: str) -> None:
        """End all processes of a running container by SIGKILL, as a lack of memory does; the engine finds them gone."""
        assert self._process is not None
        for pid in _descendants(self._process.pid):
            with suppress(OSError):
                if container in Path(f"/proc/{pid}/cgroup").read_text():
                    os.kill(pid, signal.SIGKILL)

    def wait(self) -> None:
        """Wait until the engine answers again."""
        assert self._answers(), f"the engine does not come back:\n{self.log[-4000:]}"

    def stop(self) -> None:
        """End the engine as an administrator does: containers are stopped first."""
        process = self._process
        if process is None:
            return
        for first in _children(process.pid):
            with suppress(ProcessLookupError):
                os.kill(first, signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.power_cut()

    def restart(self) -> None:
        """Stop and start it."""
        self.stop()
        self.start()

    def clear(self) -> None:
        """Remove all containers and networks: bridges would stay on this machine."""
        client = self.client()
        with suppress(docker.errors.DockerException), closing(client):
            for container in client.containers.list(all=True, ignore_removed=True):
                container.remove(force=True, v=True)
            client.networks.prune()

    def bring(self, source: str, *references: str) -> None:
        """Load images from the engine at `source` (as in `DOCKER_HOST`; empty for the default)."""
        environment = os.environ | ({"DOCKER_HOST": source} if source else {})
        words = ["sh", "-euc", '"$1" save "$3" | "$1" --host "$2" load', "sh", DOCKER, self.address]
        for reference in references:
            done = subprocess.run(
                [*words, reference], env=environment, capture_output=True, text=True, check=False, timeout=TRANSFER_SECONDS
            )
            assert done.returncode == 0, done.stderr

    def _launch(self) -> None:
        (self.folder / "run").mkdir(parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        (self.folder / "daemon.json").write_text(json.dumps(self._configuration()))
        (self.folder / "containerd.toml").write_text(CONTAINERD.format(folder=self.folder))
        words = [
            *("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", LAUNCH, "sh"),
            *(str(self.kind.root), str(self.folder), str(self.folder / "containerd.toml")),
            *("dockerd", "--config-file", str(self.folder / "daemon.json")),
        ]
        with (self.folder / "engine.log").open("ab") as log:
            self._process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def _configuration(self) -> dict[str, object]:
        return {
            "data-root": str(self.folder / "data"),
            "exec-root": str(self.folder / "run"),
            "pidfile": str(self.folder / "run/engine.pid"),
            "containerd": str(self.folder / "run/containerd/containerd.sock"),
            "hosts": [self.address],
            "bridge": "none",
            "iptables": False,
            "ip6tables": False,
            "default-address-pools": [{"base": self.pool, "size": 24}],
            "live-restore": self.live_restore,
            "features": {"containerd-snapshotter": True} if self.kind.containerd_store else {},
        }

    def _answers(self) -> bool:
        def up() -> bool:
            assert self._process is not None
            if self._process.poll() is not None:
                raise AssertionError("it ended")
            try:
                with closing(docker.DockerClient(base_url=self.address, timeout=5)) as client:
                    return bool(client.ping())
            except docker.errors.DockerException:
                return False

        try:
            wait_until("the engine answers", up, START_SECONDS)
        except AssertionError:
            return False
        return True


def pool_of(process: int) -> str:
    """Return where the networks of the engines of a process lie: several run at the same time on one machine."""
    return f"10.216.{process % POOLS * POOL_NETWORKS}.0/22"


def _descendants(pid: int) -> list[int]:
    found = _children(pid)
    return found + [each for child in found for each in _descendants(child)]


def _named(pids: list[int], name: str) -> list[int]:
    """Return those of the processes whose program has that name."""
    found = []
    for pid in pids:
        with suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                found.append(pid)
    return found


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
