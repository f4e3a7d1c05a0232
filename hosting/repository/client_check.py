"""What is about to be published, fetched and verified by the client of our own sites, before anybody else can see it."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import hosting
from hosting.errors import RepositoryError

CHECK_SECONDS = 120

Tree = Callable[[str], bytes | None]
"""Returns what is published under a path such as `metadata/timestamp.json`, None where there is nothing."""


def check_with_our_client(tree: Tree, root: bytes, known: Mapping[str, bytes], targets: Sequence[str]) -> None:
    """Raise RepositoryError unless a site that began with `root` and knows the metadata `known` can bring itself up to date.

    `known` is by name as a site keeps it (`timestamp.json`), `targets` are paths that it has to be able to download.
    """
    with tempfile.TemporaryDirectory(prefix="dca-hosting-check-") as name, _serving(tree) as url:
        folder = Path(name)
        metadata = folder / "metadata"
        (folder / "root.json").write_bytes(root)
        _client(folder, "init", "root.json", url=url)
        for file, content in known.items():
            (metadata / file).write_bytes(content)
        if targets:
            words = [word for target in targets for word in ("--target-name", target)]
            _client(
                folder, "download", url=url, options=["--target-base-url", f"{url}/targets/", "--target-dir", "targets", *words]
            )
        else:
            _client(folder, "refresh", url=url)


def _client(folder: Path, *action: str, url: str, options: Sequence[str] = ()) -> None:
    command = [sys.executable, "-m", "updater", "trust", "--metadata-dir", "metadata", "--metadata-url", f"{url}/metadata"]
    # Neither settings nor proxies of this host: nothing but loopback is asked.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("DCA_") and not name.lower().endswith("_proxy")
    }
    environment["PYTHONPATH"] = str(Path(hosting.__file__).parents[1])
    try:
        finished = subprocess.run(
            [*command, *options, *action],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=CHECK_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RepositoryError("Nothing was published: our own client did not come to an end with it. Try again.") from error
    if finished.returncode != 0:
        said = finished.stderr.strip().splitlines() or [f"it ended with {finished.returncode}"]
        raise RepositoryError(f"Nothing was published: our own client refuses it. {said[-1].removeprefix('dca: ')}")


@contextlib.contextmanager
def _serving(tree: Tree) -> Iterator[str]:
    """Serve a tree on loopback and yield its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            content = tree(unquote(self.path).lstrip("/"))
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing: what fails is told by the client."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
