"""The collector reads the vendor definitions of its site, and tells of those it cannot use."""

from tests.appliance.collector import Site
from tests.appliance.definitions.device import written
from tests.appliance.service.acme import DEFINITION
from tests.conftest import RunningSimulator


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
