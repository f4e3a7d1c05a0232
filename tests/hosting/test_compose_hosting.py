"""What compose/hosting.yaml and the systemd unit say fits the product, and the proxy of theirs works with two real servers."""

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import urllib3

from hosting.certificates import CertificateFiles, make_authority, make_server_certificate
from hosting.cli import main
from tests.children import Child, wait_until
from tests.conftest import ROOT, FreePort, StartChild
from tests.engine.client import DOCKER
from tests.hosting.repository.published import done, hosting
from tests.requirement import missing

COMPOSE = ROOT / "compose" / "hosting.yaml"
PROXY = ROOT / "compose" / "hosting" / "haproxy.cfg"
UNIT = ROOT / "compose" / "systemd" / "dca-hosting.service"
READ_BY_COMPOSE = re.compile(r"\$\{(DCA_\w+)")


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    """Return the compose file as Compose itself reads it, which needs no engine."""
    command = [DOCKER, "compose", "--file", str(COMPOSE), "config", "--format", "json"]
    try:
        read = subprocess.run(
            command, env=os.environ | {"DCA_HOSTING_NAME": "mps.example"}, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        missing("there is no Docker client, and so no Compose")
    if "is not a docker command" in read.stderr:
        missing("this Docker has no Compose plugin")
    assert read.returncode == 0, read.stderr
    return dict(json.loads(read.stdout))


def known_variables() -> set[str]:
    text = (ROOT / "hosting" / "config.py").read_text()
    return {name for known in re.findall(r'"(DCA_HOSTING_\w+)"', text) for name in (known, f"{known}_FILE")}


def test_every_variable_is_one_that_the_server_reads(composed: dict[str, Any]) -> None:
    services = composed["services"]
    named = {name for service in ("init", "server-1", "server-2") for name in services[service]["environment"]}

    assert named
    assert named <= known_variables()
    assert set(re.findall(r"DCA_HOSTING_\w+", UNIT.read_text())) <= known_variables()


def test_the_servers_share_all_and_are_published_by_the_proxy_alone(composed: dict[str, Any]) -> None:
    services = composed["services"]
    first, second = services["server-1"], services["server-2"]

    assert first == second
    assert [name for name, service in services.items() if service.get("ports")] == ["proxy"]
    assert "/livez" in " ".join(first["healthcheck"]["test"])
    assert services["proxy"]["environment"]["DCA_SERVER_1"] == "server-1:8443"
    [network] = composed["networks"]["inside"]["ipam"]["config"]
    assert first["environment"]["DCA_HOSTING_TRUSTED_PROXIES"] == network["subnet"]
    variables = [value for service in services.values() for value in (service["environment"] or {}).values()]
    secret = {Path(value).name for value in variables if value.startswith("/run/secrets/")}
    assert secret <= {one["source"] for service in services.values() for one in service["secrets"]}


@pytest.mark.parametrize("service", ["init", "server-1"])
def test_the_commands_are_understood(composed: dict[str, Any], service: str, tmp_path: Path) -> None:
    words = composed["services"][service]["command"]

    # Understood, and refused for a folder that is not there or a file that is not.
    assert main([*words, "--data", str(tmp_path / "none")]) == 1


def test_the_unit_runs_a_command_that_there_is() -> None:
    [line] = re.findall(r"^ExecStart=\S+/dca-hosting (.*)$", UNIT.read_text(), re.MULTILINE)

    assert main([*line.split(), "--data", "/nonexistent"]) == 1
    if not shutil.which("systemd-analyze"):
        missing("there is no systemd-analyze")
    checked = subprocess.run(["systemd-analyze", "verify", str(UNIT)], capture_output=True, text=True, check=False)
    others = [line for line in checked.stderr.splitlines() if "is not executable" not in line]
    assert others == []


class Answers(BaseHTTPRequestHandler):
    """A client of a certificate authority that proves a name."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def proxied(tmp_path: Path, free_port: FreePort, start_child: StartChild) -> tuple[str, str, list[Callable[[], Child]], Path]:
    """Return the two addresses of the proxy, what starts each server again, and the certificate to trust."""
    if not (haproxy := shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")):
        missing("there is no haproxy")
    data, ports = tmp_path / "data", [free_port() for _ in range(5)]
    done(hosting("init", "--data", data))
    files = CertificateFiles(tmp_path / "proxy")
    files.folder.mkdir()
    make_authority(files)
    make_server_certificate(files, [])
    (tmp_path / "certificate.pem").write_bytes(files.server.read_bytes() + files.server_key.read_bytes())
    https, http, first, second, acme = ports
    public = f"https://localhost:{https}"

    def serving(port: int) -> Callable[[], Child]:
        def start() -> Child:
            words = ["--http", "--bind", "127.0.0.1", "--port", str(port), "--public-url", public, "--data", str(data)]
            environment = {"DCA_HOSTING_TRUSTED_PROXIES": "127.0.0.1"}
            child = start_child(["python", "-m", "hosting", "--log-level", "debug", "serve", *words], environment=environment)
            child.wait_for("is ready on port")
            return child

        return start

    settings = {"HTTPS": f"127.0.0.1:{https}", "HTTP": f"127.0.0.1:{http}", "CERTIFICATE": str(tmp_path / "certificate.pem")}
    environment = {f"DCA_PROXY_{name}": value for name, value in settings.items()}
    environment |= {"DCA_SERVER_1": f"127.0.0.1:{first}", "DCA_SERVER_2": f"127.0.0.1:{second}", "DCA_ACME": f"127.0.0.1:{acme}"}
    server = ThreadingHTTPServer(("127.0.0.1", acme), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    start_child([haproxy, "-W", "-db", "-f", str(PROXY)], environment=environment)
    return public, f"http://127.0.0.1:{http}", [serving(first), serving(second)], files.authority


def test_two_servers_behind_the_proxy_are_one_and_either_may_go(
    proxied: tuple[str, str, list[Callable[[], Child]], Path],
) -> None:
    https, http, starters, authority = proxied
    children = [start() for start in starters]
    asked = urllib3.PoolManager(ca_certs=str(authority), retries=False)

    def get(url: str, **headers: str) -> int:
        try:
            return int(asked.request("GET", url, headers=headers, redirect=False, timeout=10).status)
        except (OSError, urllib3.exceptions.HTTPError):
            return 0

    wait_until("the proxy has found a server that is ready", lambda: get(f"{https}/readyz") == 200, 60)
    assert get(f"{https}/login", **{"X-Forwarded-For": "203.0.113.9"}) == 200
    assert get(f"{http}/login") == 308
    assert get(f"{http}/.well-known/acme-challenge/token") == 200
    for number, child in enumerate(children):
        child.stop()
        wait_until("the other one answers", lambda: get(f"{https}/readyz") == 200, 30)
        assert [get(f"{https}/login") for _ in range(4)] == [200] * 4
        children[number] = starters[number]()
        wait_until("both are ready", lambda: get(f"{https}/readyz") == 200, 30)
    lines = "".join(child.stderr for child in children)
    assert "203.0.113.9" not in lines  # what a client says of itself
    assert '"address": "127.0.0.1"' in lines or "address=127.0.0.1" in lines
