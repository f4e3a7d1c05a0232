"""A TUF repository with real keys, and a web server that hands it out as told."""

import contextlib
import hashlib
import ssl
import threading
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)


def in_days(days: float) -> datetime:
    return (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)


class TufRepository:
    """What the hosting team has: keys, metadata and targets. `files` is what is published, by path."""

    def __init__(self) -> None:
        self.signers = {role: [CryptoSigner.generate_ed25519()] for role in ("timestamp", "snapshot")}
        self.signers |= {role: [CryptoSigner.generate_ecdsa() for _ in range(3)] for role in ("root", "targets")}
        self.root = Root(consistent_snapshot=True, expires=in_days(365))
        for role, signers in self.signers.items():
            for signer in signers:
                self.root.add_key(signer.public_key, role)
            self.root.roles[role].threshold = 2 if len(signers) == 3 else 1
        self.targets = Targets(expires=in_days(365))
        self.delegated: dict[str, Targets] = {}
        self.snapshot = Snapshot(expires=in_days(7))
        self.timestamp = Timestamp(expires=in_days(1))
        self.files: dict[str, bytes] = {}
        self.publish_root()
        self.publish()

    @property
    def trusted_root(self) -> bytes:
        """The root that sites are given."""
        return self.files["metadata/1.root.json"]

    def add_target(self, path: str, content: bytes, role: str = "targets", **custom: Any) -> None:
        """Sign for a target at the next `publish`, and hand it out from now on."""
        info = TargetFile.from_data(path, content, ["sha256"])
        if custom:
            info.unrecognized_fields["custom"] = custom
        self._targets(role).targets[path] = info
        folder, slash, name = path.rpartition("/")
        self.files[f"targets/{folder}{slash}{hashlib.sha256(content).hexdigest()}.{name}"] = content

    def add_bins(self, bit_length: int, prefix: str) -> None:
        """Delegate everything to 2**bit_length bins."""
        signer = CryptoSigner.generate_ed25519()
        bins = SuccinctRoles([], 1, bit_length, prefix)
        self.targets.delegations = Delegations(keys={}, succinct_roles=bins)
        self.targets.add_key(signer.public_key)
        for name in bins.get_roles():
            self.delegated[name] = Targets(expires=in_days(14))
            self.signers[name] = [signer]

    def delegate(self, role: str, paths: dict[str, str], signer: CryptoSigner) -> None:
        """Let `role` delegate to the roles named in `paths`, each for its pattern and with the one key of `signer`."""
        key = signer.public_key
        roles = {name: DelegatedRole(name, [key.keyid], 1, terminating=False, paths=[pattern]) for name, pattern in paths.items()}
        self._targets(role).delegations = Delegations({key.keyid: key}, roles)
        for name in paths:
            self.delegated.setdefault(name, Targets(expires=in_days(14)))
            self.signers[name] = [signer]

    def bin_of(self, path: str) -> str:
        assert self.targets.delegations is not None
        assert self.targets.delegations.succinct_roles is not None
        return self.targets.delegations.succinct_roles.get_role_for_target(path)

    def rotate_root(self, role: str | None = None) -> None:
        """Publish the next root; with `role`, it has new keys."""
        self.root.version += 1
        old = list(self.signers["root"])
        if role:
            for signer in self.signers[role]:
                self.root.revoke_key(signer.public_key.keyid, role)
            self.signers[role] = [CryptoSigner.generate_ed25519() for _ in self.signers[role]]
            for signer in self.signers[role]:
                self.root.add_key(signer.public_key, role)
        self.publish_root(*old)

    def publish_root(self, *more: CryptoSigner) -> None:
        self.files[f"metadata/{self.root.version}.root.json"] = self.signed(self.root, "root", *more)

    def publish(self, *, bump: bool = True) -> None:
        """Publish all but the root: targets, then the snapshot, then the timestamp; with `bump`, as next versions."""
        for role in ("targets", *self.delegated):
            targets = self._targets(role)
            targets.version += bump
            self.files[f"metadata/{targets.version}.{role}.json"] = self.signed(targets, role)
            self.snapshot.meta[f"{role}.json"] = MetaFile(targets.version)
        self.snapshot.version += bump
        self.publish_snapshot()
        self.timestamp.version += bump
        self.publish_timestamp()

    def publish_snapshot(self) -> None:
        content = self.signed(self.snapshot, "snapshot")
        self.files[f"metadata/{self.snapshot.version}.snapshot.json"] = content
        self.timestamp.snapshot_meta = MetaFile.from_data(self.snapshot.version, content, ["sha256"])

    def publish_timestamp(self) -> None:
        self.files["metadata/timestamp.json"] = self.signed(self.timestamp, "timestamp")

    def signed(self, content: Any, role: str, *more: CryptoSigner, by: int | None = None) -> bytes:
        """Return metadata signed by all signers of a role and `more`; with `by`, by the first so many alone."""
        metadata = Metadata(deepcopy(content))
        for signer in [*self.signers[role][:by], *more]:
            metadata.sign(signer, append=True)
        return metadata.to_bytes()

    def _targets(self, role: str) -> Targets:
        return self.targets if role == "targets" else self.delegated[role]


Behaviour = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class RepositoryServer:
    """Hands out files. `behaviours` by path take the place of an answer."""

    url: str
    files: dict[str, bytes]
    requests: list[str] = field(default_factory=list)
    """The paths asked for, in order."""
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    moment: datetime | None = None
    """What its clock says; None: what it is."""
    stopped: threading.Event = field(default_factory=threading.Event)
    """Set at the end: behaviours that wait shall wait for it."""

    @property
    def metadata_url(self) -> str:
        return f"{self.url}/metadata"

    @property
    def target_url(self) -> str:
        return f"{self.url}/targets/"


@contextlib.contextmanager
def serving(files: dict[str, bytes], tls: ssl.SSLContext | None = None) -> Iterator[RepositoryServer]:
    """Serve `files` on loopback until the end of the block."""
    host = "localhost" if tls else "127.0.0.1"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.lstrip("/").removeprefix("tuf/")
            served.requests.append(path)
            if behaviour := served.behaviours.get(path):
                self.close_connection = True
                with contextlib.suppress(OSError):
                    behaviour(self)
                return
            content = served.files.get(path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(served.moment.timestamp() if served.moment else timestamp)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # clients hang up on purpose

    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    served = RepositoryServer(f"{'https' if tls else 'http'}://{host}:{server.server_address[1]}", files)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()
