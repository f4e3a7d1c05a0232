"""The command `dca-hosting`, as an operator runs it: real processes, real certificates, one sentence for each mistake."""

import json
import re
import shutil
import signal
import socket
import ssl
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import urllib3

from appliance.settings.model import HostingSettings
from hosting.certificates import names_in
from hosting.config import Config
from tests.children import Child, Finished, run_child
from tests.conftest import ROOT, StartChild
from tests.forked import run_forked
from tests.hosting.postgresql import DatabaseServer


def hosting(*words: str | Path, environment: dict[str, str] | None = None) -> Finished:
    return run_forked("hosting", ["-m", "hosting", *words], folder=ROOT, environment=environment)


def done(finished: Finished) -> str:
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def one_sentence(finished: Finished) -> str:
    """Return what a command that failed said: one line, no traceback."""
    assert finished.returncode == 1, finished.stdout
    lines = [line for line in finished.stderr.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, finished.stderr
    assert lines[0].startswith("dca-hosting: ")
    return lines[0]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that `init --private-ca` has set up."""
    folder = tmp_path_factory.mktemp("prepared") / "data"
    done(hosting("init", "--data", folder, "--private-ca", "--name", "hosting.example", "--name", "192.0.2.7"))
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """Return a copy of the prepared folder for one test."""
    return Path(shutil.copytree(prepared, tmp_path / "data"))


def serve(start_child: StartChild, folder: Path, *words: str, environment: dict[str, str] | None = None) -> tuple[Child, int]:
    """Return a running server and its port."""
    arguments: Sequence[str | Path] = [
        "python",
        "-m",
        "hosting",
        "serve",
        "--data",
        folder,
        "--port",
        "0",
        "--bind",
        "127.0.0.1",
        *words,
    ]
    child = start_child(arguments, folder=ROOT, environment=environment)
    found = re.search(r"ready on port (\d+)", child.wait_for("is ready on port"))
    assert found is not None
    return child, int(found[1])


def test_init_shows_the_password_once_and_changes_nothing_again(tmp_path: Path) -> None:
    first = done(hosting("init", "--data", tmp_path / "data", "--private-ca"))
    assert re.search(r"Account: admin, password: \S{20}", first)
    files = {path.name: path.read_bytes() for path in (tmp_path / "data").glob("*.[pk]e[my]")}
    again = done(hosting("init", "--data", tmp_path / "data", "--private-ca"))
    assert "nothing was changed" in again
    assert "password: " not in again
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "data").glob("*.[pk]e[my]")}


@pytest.mark.parametrize(
    "name", ["bad name!", "-a.example", "a..example", "10.0.0.300", "größe.example", f"{'a' * 64}.example", ""]
)
def test_what_is_no_host_name_is_in_no_certificate(tmp_path: Path, name: str) -> None:
    said = one_sentence(hosting("init", "--data", tmp_path / "data", "--private-ca", f"--name={name}"))
    assert f"--name {name!r} is no host name and no address" in said
    assert not (tmp_path / "data").exists()


def test_names_are_changed_by_a_certificate_made_anew(folder: Path) -> None:
    again = ("init", "--data", folder, "--private-ca", "--name", "other.example", "--name", "*.parts.example", "--name", "fd00::7")
    authority = (folder / "ca.pem").read_bytes()
    said = one_sentence(hosting(*again))
    assert f"{folder}/server.pem is there already and is not for other.example, *.parts.example, fd00::7." in said
    for name in ("server.pem", "server.key"):
        assert f"{folder}/{name}" in said
        (folder / name).unlink()
    assert "Certificate of the server" in done(hosting(*again))
    assert (folder / "ca.pem").read_bytes() == authority
    assert names_in(folder / "server.pem") == ["other.example", "*.parts.example", "localhost"]


def test_private_files_are_nobody_elses_business(folder: Path, prepared: Path) -> None:
    for name in ("ca.key", "server.key", "hosting.db"):
        assert stat.S_IMODE((prepared / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(prepared.stat().st_mode) == 0o700


def test_the_password_can_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("long enough, and secret\n")
    said = done(hosting("init", "--data", tmp_path / "data", "--admin-password-file", secret))
    assert "long enough" not in said
    secret.write_text("short\n")
    assert "10 characters" in one_sentence(hosting("init", "--data", tmp_path / "other", "--admin-password-file", secret))


def test_the_certificate_is_valid_for_its_names_and_loopback(folder: Path, start_child: StartChild) -> None:
    _, port = serve(start_child, folder)
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    for name in ("hosting.example", "192.0.2.7", "localhost", "127.0.0.1", "::1"):
        with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain, server_hostname=name) as secured:
            assert secured.version() in ("TLSv1.2", "TLSv1.3")
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
        context.wrap_socket(plain, server_hostname="other.example"),
    ):
        pass


def test_sigterm_ends_the_server_with_0(folder: Path, start_child: StartChild) -> None:
    child, port = serve(start_child, folder)
    with urllib3.PoolManager(ca_certs=str(folder / "ca.pem")) as pool:
        assert pool.request("GET", f"https://localhost:{port}/healthz").status == 200
        child.send(signal.SIGTERM)
        finished = child.wait(8)
    assert finished.returncode == 0
    assert "Traceback" not in finished.stderr


def test_plain_http_is_possible_and_warned_about(folder: Path, start_child: StartChild) -> None:
    child, port = serve(start_child, folder, "--http")
    assert "Plain HTTP" in child.wait_for("warning")
    assert urllib3.request("GET", f"http://127.0.0.1:{port}/healthz").status == 200


def test_the_enrolment_string_is_all_that_is_printed(folder: Path) -> None:
    said = done(hosting("enrolment-code", "--data", folder, "--site", "Mill", "--url", "https://mps.example:8443/dca/"))
    assert re.fullmatch(r"https://mps\.example:8443/dca#enrol=([0-9A-Z]{5}-){3}[0-9A-Z]{5}\n", said)


@pytest.mark.parametrize(
    ("url", "warned"),
    [("http://mps.example", True), ("http://192.0.2.7:8080", True), ("http://localhost:8080", False), ("http://[::1]", False)],
)
def test_a_string_without_https_says_what_the_site_will_say(folder: Path, url: str, warned: bool) -> None:
    finished = hosting("enrolment-code", "--data", folder, "--site", "Mill", "--url", url)
    assert done(finished).startswith(f"{url}#enrol=")
    assert ("its readings go there without encryption" in finished.stderr) is warned


def test_a_token_opens_the_read_api(folder: Path, start_child: StartChild) -> None:
    token = done(hosting("token", "create", "--data", folder, "--name", "ERP")).strip()
    assert "ERP" in one_sentence(hosting("token", "create", "--data", folder, "--name", "ERP"))
    _, port = serve(start_child, folder, "--http")
    answer = urllib3.request("GET", f"http://127.0.0.1:{port}/api/v1/sites", headers={"Authorization": f"Bearer {token}"})
    assert answer.json() == {"sites": [], "next": None}


def test_sites_and_devices_are_listed(folder: Path) -> None:
    done(hosting("enrolment-code", "--data", folder, "--site", "Mill", "--url", "https://mps.example"))
    [site] = json.loads(done(hosting("sites", "--data", folder, "--json")))["sites"]
    assert (site["site_name"], site["contact"]) == ("Mill", "never")
    assert "Mill" in done(hosting("sites", "--data", folder))
    assert json.loads(done(hosting("devices", "--data", folder, "--json"))) == {"devices": []}


def test_a_forgotten_password_is_replaced(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("another good password")
    said = done(hosting("reset-password", "--data", folder, "--password-file", secret))
    assert "another good" not in said
    assert "password: " in done(hosting("reset-password", "--data", folder)).lower()
    assert "'nobody'" in one_sentence(hosting("reset-password", "--data", folder, "--account", "nobody"))


def test_the_data_folder_can_come_from_the_environment(folder: Path) -> None:
    assert done(hosting("sites", environment={"DCA_HOSTING_DATA_DIR": str(folder)})) == ""
    assert "DCA_HOSTING_DATA_DIR" in one_sentence(hosting("sites", environment={"DCA_HOSTING_DATA_DIR": ""}))


def test_a_port_in_use_is_one_sentence(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = one_sentence(hosting("serve", "--data", folder, "--bind", "127.0.0.1", "--port", port))
    assert port in said
    assert "--port" in said


def test_a_folder_that_is_not_set_up_is_one_sentence(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "absent"):
        assert "dca-hosting init --data" in one_sentence(hosting("serve", "--data", place))


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in one_sentence(hosting("init", "--data", tmp_path / "file" / "data"))
    assert "/proc" in one_sentence(hosting("init", "--data", "/proc/dca"))


def test_a_damaged_database_is_one_sentence(folder: Path) -> None:
    (folder / "hosting.db").write_bytes(b"this is no database" * 500)
    for name in ("hosting.db-wal", "hosting.db-shm"):
        (folder / name).unlink(missing_ok=True)
    assert "hosting.db" in one_sentence(hosting("sites", "--data", folder))


@pytest.mark.parametrize("wrong", ["no certificate", "no key", "another key", "absent"])
def test_a_certificate_that_cannot_be_used_is_one_sentence(folder: Path, tmp_path: Path, wrong: str) -> None:
    certificate, key = folder / "server.pem", folder / "server.key"
    if wrong == "no certificate":
        certificate = tmp_path / "text.pem"
        certificate.write_text("hello")
    elif wrong == "no key":
        key = folder / "ca.pem"
    elif wrong == "another key":
        key = folder / "ca.key"
    else:
        certificate = tmp_path / "absent.pem"
    said = one_sentence(hosting("serve", "--data", folder, "--port", "0", "--cert", certificate, "--key", key))
    assert str(certificate) in said


def test_a_server_without_a_certificate_says_what_to_do(tmp_path: Path) -> None:
    done(hosting("init", "--data", tmp_path / "data"))
    assert "--private-ca" in one_sentence(hosting("serve", "--data", tmp_path / "data", "--port", "0"))


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["enrolment-code", "--site", "Mill", "--url", "mps.example"], "mps.example"),
        (["enrolment-code", "--site", "Mill", "--url", "https://x", "--days", "0"], "--days"),
        (["enrolment-code", "--site", " ", "--url", "https://x"], "--site"),
        (["serve", "--http", "--cert", "x", "--key", "y"], "--http"),
        (["serve", "--cert", "x"], "--key"),
        (["serve", "--public-url", "mps.example", "--http"], "mps.example"),
        (["serve", "--http", "--port", "99999"], "99999"),
        (["serve", "--http", "--port", "0", "--bind", "192.0.2.1"], "192.0.2.1"),
        (["init", "--name", "x"], "--private-ca"),
    ],
)
def test_wrong_use_is_one_sentence_that_names_it(folder: Path, words: list[str], named: str) -> None:
    assert named in one_sentence(hosting(words[0], "--data", folder, *words[1:]))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DCA_HOSTING_DATABASE_URL", "mysql://user:hidden@host/db"),
        ("DCA_HOSTING_DATABASE_URL", "postgresql://user:hidden@127.0.0.1:1/db"),
        ("DCA_HOSTING_TRUSTED_PROXIES", "somewhere"),
        ("DCA_HOSTING_CHECK_IN_SECONDS", "often"),
        ("DCA_HOSTING_DATABASE_URL_FILE", "/nonexistent/file"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named_without_its_secret(folder: Path, variable: str, value: str) -> None:
    said = one_sentence(hosting("sites", "--data", folder, environment={variable: value}))
    assert variable in said
    assert "hidden" not in said


def test_two_inits_at_once_make_one_account(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as threads:
        said = [done(finished) for finished in threads.map(lambda _: hosting("init", "--data", tmp_path / "data"), range(3))]
    assert sum("password: " in text for text in said) == 1


def test_logs_are_json_without_secrets(folder: Path, start_child: StartChild) -> None:
    code = done(hosting("enrolment-code", "--data", folder, "--site", "Mill", "--url", "https://x")).strip().rpartition("=")[2]
    child, port = serve(start_child, folder, "--http")
    headers = {"Authorization": "Bearer dca_supersecret", "Content-Type": "application/json"}
    urllib3.request("GET", f"http://127.0.0.1:{port}/api/v1/sites?token=dca_supersecret", headers=headers)
    urllib3.request("POST", f"http://127.0.0.1:{port}/api/v1/enrol", headers=headers, body=json.dumps({"code": code}))
    child.wait_for('"/api/v1/enrol"')
    logged = [line for line in child.stop().stderr.splitlines() if not line.startswith("dca-hosting: ")]
    assert [json.loads(line)["path"] for line in logged if "path" in line] == ["/api/v1/sites", "/api/v1/enrol"]
    assert "supersecret" not in "".join(logged)
    assert code not in "".join(logged)


@pytest.mark.postgresql
def test_servers_that_share_postgresql_migrate_it_once(postgresql: DatabaseServer, tmp_path: Path, start_child: StartChild) -> None:
    secret = tmp_path / "url"
    secret.write_text(postgresql.new_database() + "\n")
    environment = {"DCA_HOSTING_DATABASE_URL_FILE": str(secret)}
    with ThreadPoolExecutor(3) as threads:
        inits = threads.map(lambda number: hosting("init", "--data", tmp_path / f"data{number}", environment=environment), range(3))
        said = [done(finished) for finished in inits]
    assert sum("password: " in text for text in said) == 1
    ports = [serve(start_child, tmp_path / f"data{number}", "--http", environment=environment)[1] for number in range(2)]
    for port in ports:
        assert urllib3.request("GET", f"http://127.0.0.1:{port}/healthz").status == 200


def test_a_command_on_a_database_that_is_up_to_date_loads_neither_migrations_nor_server(folder: Path) -> None:
    listing = "import sys; from hosting.cli import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    loaded = run_child(["python", "-c", listing, "sites", "--data", folder], folder=ROOT).stderr.split()

    assert "hosting.commands.sites" in loaded
    assert not {"alembic", "tornado", "pydantic", "cryptography", "structlog", "sqlalchemy.dialects.postgresql"} & set(loaded)


def test_the_intervals_of_the_server_are_the_defaults_of_the_sites(tmp_path: Path) -> None:
    config, settings = Config(tmp_path), HostingSettings()

    assert (config.check_in_seconds, config.upload_seconds) == (settings.check_in_seconds, settings.upload_seconds)
