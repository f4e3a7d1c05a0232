"""The collector reads the vendor definitions of its site, and tells of those it cannot use."""

import os
from pathlib import Path

from tests.appliance.collector import Site
from tests.appliance.definitions.bombs import BOMBS
from tests.appliance.definitions.device import HEAD, SERIAL, SYS_DESCR, P, of, written
from tests.appliance.service.acme import DEFINITION
from tests.conftest import RunningSimulator, StartSimulator
from tests.recordings.recorded_file import write_recording


def test_a_sweep_finds_and_reads_what_only_a_definition_of_the_site_knows(site: Site, scanner: RunningSimulator) -> None:
    written(site.data / "definitions", DEFINITION)
    done = site.dca("scan", scanner.addresses[0], "--json", "--snmp-port", str(scanner.port))
    assert '"serial": "A1B2C3"' in done.stdout, done.stderr
    assert '"manufacturer": "Acme"' in done.stdout


def test_without_it_the_device_is_none(site: Site, scanner: RunningSimulator) -> None:
    done = site.dca("scan", scanner.addresses[0], "--json", "--snmp-port", str(scanner.port))
    assert (done.returncode, "A1B2C3" in done.stdout) == (1, False)


def test_the_collector_keeps_what_it_reads_by_a_definition_of_the_site(site: Site, scanner: RunningSimulator) -> None:
    written(site.data / "definitions", DEFINITION)
    site.variables |= {"DCA_SCAN_TARGETS": scanner.addresses[0], "DCA_SNMP_PORT": str(scanner.port)}
    site.start()
    site.wait_for_scan()
    assert site.rows("SELECT json_extract(body, '$.device.serial') FROM reading") == [("A1B2C3",)]


def test_a_definition_that_cannot_be_used_is_a_problem_until_it_is_mended(site: Site) -> None:
    broken = written(site.data / "definitions", DEFINITION.replace('"A"', '"Z"'))
    site.start()
    (problem,) = site.status()["problems"]
    assert problem["name"] == "definitions"
    assert problem["text"].startswith(f"{broken}, line 15, object.0.evidence: ")
    broken.write_text(DEFINITION)
    site.call("POST", "/v1/reload")
    assert site.status()["problems"] == []


def test_files_that_are_no_definitions_are_left_out_and_named_and_the_others_read(site: Site, scanner: RunningSimulator) -> None:
    folder = site.data / "definitions"
    written(folder, DEFINITION, "good.toml")
    for name, content in BOMBS.items():
        (folder / f"{name}.toml").write_bytes(content)
    (folder / os.fsdecode(b"\xff\n.toml")).write_bytes(b"x")
    site.variables |= {"DCA_SCAN_TARGETS": scanner.addresses[0], "DCA_SNMP_PORT": str(scanner.port)}

    child = site.start()
    site.wait_for_scan()

    text = site.problem("definitions") or ""
    for name in (*BOMBS, "??"):
        assert f"{name}.toml" in text
    assert "good.toml" not in text
    assert text.isprintable()
    assert site.rows("SELECT json_extract(body, '$.device.serial') FROM reading") == [("A1B2C3",)]
    assert site.call("GET", "/v1/health")["ok"]
    done = child.stop()
    assert done.returncode == 0
    assert "Traceback" not in done.stdout + done.stderr
    assert all(f"{name}.toml" in done.stdout + done.stderr for name in BOMBS)


def test_a_bad_file_that_comes_while_it_runs_ends_nothing(site: Site) -> None:
    child = site.start()
    (site.data / "definitions").mkdir(exist_ok=True)
    for name, content in BOMBS.items():
        (site.data / "definitions" / f"{name}.toml").write_bytes(content)
    site.call("POST", "/v1/reload")
    assert site.problem("definitions")
    assert child.stop().returncode == 0


def test_more_files_than_are_read_are_told(site: Site) -> None:
    for number in range(70):
        written(site.data / "definitions", HEAD.replace("Acme", f"Acme {number}"), f"a{number:02}.toml")
    site.start()
    assert "a64.toml and all that follows it by name is too much" in (site.problem("definitions") or "")


NAMES = """
[[object]]
name = "owner"
oid = "{oid}"
gives = "{gives}"
evidence = "A"
"""


def test_an_object_that_holds_a_name_is_neither_asked_for_nor_sent(
    site: Site, start_simulator: StartSimulator, tmp_path: Path
) -> None:
    """As the hosting server or a local file would have it: the name of a user as a note, a host name around its mask."""
    user, host = f"{P}.32473.9.9.9.0".replace("32473", "1347"), "1.3.6.1.2.1.1.5.0"
    device = of("1347.41.1", {SYS_DESCR: "KYOCERA Print System", user: "m.keller", host: "pc-keller", SERIAL: "K1"})
    simulator = start_simulator("--recordings", write_recording(tmp_path / "k.snmprec", device), "--base", "127.92.8.1")
    head = HEAD.replace("32473", "1347")
    written(site.data / "definitions", head + NAMES.format(oid=user, gives="misc.note"), "a.toml")
    written(site.data / "definitions", head + NAMES.format(oid=host, gives="misc.note"), "b.toml")
    site.variables |= {"DCA_SCAN_TARGETS": simulator.addresses[0], "DCA_SNMP_PORT": str(simulator.port)}

    child = site.start()
    assert site.wait_for_scan()["read"] == 1

    text = site.problem("definitions") or ""
    assert "a.toml, line 10, object.0.oid: 1.3.6.1.4.1.1347.9.9.9.0 is not among the objects" in text
    assert "b.toml, line 10, object.0.oid: misc.note takes identity, and 1.3.6.1.2.1.1.5.0 is host name" in text
    ((misc,),) = site.rows("SELECT json_extract(body, '$.misc') FROM reading")
    assert "keller" not in misc
    child.stop()
    (agent,) = simulator.stop().values()
    assert user not in agent["asked"]
