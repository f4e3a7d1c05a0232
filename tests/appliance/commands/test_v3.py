"""`dca read` and `dca scan` over SNMPv3, against net-snmp's agent; passphrases never on the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.appliance.collector import Site
from tests.appliance.snmp.snmpd import Snmpd

AUTH_PASS, PRIV_PASS = "correct horse battery", "staple of the printer"
PRINTER = "1.3.6.1.2.1.25.3.2.1.2.1"


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    def configuration(_port: int) -> str:
        return (
            "rocommunity public 127.0.0.1\nsysName box\nsysLocation hall\nmaster off\n"
            f'createUser reader SHA-256 "{AUTH_PASS}" AES "{PRIV_PASS}"\nrouser reader priv\n'
        )

    agent = Snmpd(tmp_path_factory.mktemp("snmpd"), configuration)
    agent.start()
    yield agent
    agent.stop()


@pytest.fixture
def here(site: Site) -> Site:
    """Return a folder of data nobody serves."""
    return site


@pytest.fixture
def words(snmpd: Snmpd, tmp_path: Path) -> list[str | Path]:
    (tmp_path / "auth").write_text(AUTH_PASS + "\n")
    (tmp_path / "priv").write_text(PRIV_PASS + "\n")
    options: list[str | Path] = [
        "--snmp-port",
        str(snmpd.port),
        "--no-http",
        "--json",
        "--v3-user",
        "reader",
        "--v3-auth",
        "SHA-256",
    ]
    return [*options, "--v3-priv", "AES-128", "--v3-auth-file", tmp_path / "auth", "--v3-priv-file", tmp_path / "priv"]


def test_a_device_is_read_with_passphrases_from_files(here: Site, words: list[str | Path]) -> None:
    finished = here.dca("read", "127.0.0.1", *words)
    assert finished.returncode == 0, finished.stderr
    assert '"location": "hall"' in finished.stdout


def test_passphrases_may_come_from_the_environment(here: Site, words: list[str | Path]) -> None:
    more = {"DCA_SNMP_V3_AUTH": AUTH_PASS, "DCA_SNMP_V3_PRIV": PRIV_PASS}
    finished = here.dca("read", "127.0.0.1", *words[: words.index("--v3-auth-file")], more=more)
    assert finished.returncode == 0, finished.stderr
    assert '"location": "hall"' in finished.stdout


def test_a_wrong_passphrase_is_told_in_one_sentence(here: Site, words: list[str | Path], tmp_path: Path) -> None:
    (tmp_path / "auth").write_text("another passphrase")
    finished = here.dca("read", "127.0.0.1", *words)
    assert finished.returncode == 1
    [line] = finished.stderr.splitlines()
    assert "does not accept how the SNMPv3 user reader proves itself" in line
    assert "another passphrase" not in finished.stdout + finished.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--v3-auth", "SHA"], "--v3-auth needs --v3-user"),
        (["--v3-user", "reader", "--v3-auth-file", "/no/such/file"], "--v3-auth-file /no/such/file cannot be read"),
        (["--v3-user", "reader", "--v3-auth", "SHA"], "the passphrase for authentication is missing"),
        (["--v3-user", "reader", "--v3-auth", "SHA-3"], "invalid choice"),
    ],
)
def test_options_that_do_not_fit_are_refused(here: Site, options: list[str], sentence: str) -> None:
    finished = here.dca("read", "127.0.0.1", *options)
    assert finished.returncode in (1, 2)
    assert sentence in finished.stderr
    assert "Traceback" not in finished.stderr


def test_no_passphrase_can_be_given_on_the_command_line(here: Site) -> None:
    helped = here.dca("read", "--help").stdout
    assert "--v3-auth-file" in helped
    assert "--v3-auth-passphrase" not in helped
    assert "--v3-auth-pass" not in helped
