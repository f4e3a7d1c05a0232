"""Every contract of import-linter refuses what it forbids: one forbidden import is planted for each, in a copy of the tree."""

import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.children import run_child
from tests.conftest import ROOT

LINTER: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS: list[str] = [contract["name"] for contract in LINTER["contracts"]]

BREACHES = {
    "appliance imports no other room": {"appliance.events.planted_room": "webui.texts"},
    "updater: of the appliance common, settings, report, release, process, privacy and support": {
        "updater.records.planted_room": "appliance.events.memory"
    },
    "web: of the appliance common and report": {"web.planted_room": "appliance.settings.model"},
    "webui: as updater, and the reading side of the store": {"webui.planted_room": "appliance.store.store"},
    "hosting: of the appliance common, report, releases, and the model and document of settings": {
        "hosting.planted_room": "appliance.settings.store"
    },
    "what the updater imports loads nothing that reads devices": {
        "updater.records.planted_chain": "appliance.release.planted_reader",
        "appliance.release.planted_reader": "appliance.snmp.client",
    },
    "what the web UI imports loads nothing that reads devices": {
        "webui.planted_chain": "appliance.support.planted_reader",
        "appliance.support.planted_reader": "appliance.discovery.sweep.sweep",
    },
    "what the hosting server imports loads nothing that reads devices": {
        "hosting.planted_chain": "appliance.common.planted_reader",
        "appliance.common.planted_reader": "appliance.store.reader",
    },
    "simulator: of the appliance transmission and report for its sites, and plain": {
        "simulator.sites.planted_room": "appliance.store.store",
        "simulator.planted_client": "appliance.transmission.client",
    },
    "docker: updater/engine/engine.py": {"updater.installation.planted_docker": "docker"},
    "tuf: updater/trust/client.py for sites, hosting/repository and signing for the hosting team": {
        "hosting.console.planted_tuf": "tuf"
    },
    "pysnmp: appliance/snmp": {"appliance.service.scans.planted_pysnmp": "pysnmp"},
    "tinydb: appliance/settings/store.py and its storage": {"appliance.release.planted_tinydb": "tinydb"},
    "SQL of the site: appliance/store": {"webui.handlers.planted_sqlite3": "sqlite3"},
    "SQL of the hosting server: hosting/db": {"hosting.api.planted_sqlalchemy": "sqlalchemy"},
    "zstandard: hosting/db/history/segment.py": {"hosting.console.planted_zstandard": "zstandard"},
    "prometheus_client: hosting/metrics": {"hosting.api.planted_prometheus": "prometheus_client"},
    "schedule: appliance/common/periodic.py": {"updater.supervisor.planted_schedule": "schedule"},
    "urllib3: one HTTP client, and who gives it connections": {"webui.planted_urllib3": "urllib3"},
    "tornado: web servers, control sockets, visits to devices": {"appliance.settings.planted_tornado": "tornado"},
    "re2: appliance/reading/definitions/patterns.py": {"appliance.reading.supplies.planted_re2": "re2"},
    "zeroconf: appliance/discovery/dns_sd.py, a program of its own": {"appliance.service.scans.planted_zeroconf": "zeroconf"},
    "babel: web/catalogue.py, which no page imports": {"webui.planted_babel": "babel"},
}
"""For each contract the modules to plant, and what each imports."""


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what import-linter says of each contract that is broken in a copy of the tree with all breaches."""
    copy = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in LINTER["root_packages"]:
        shutil.copytree(ROOT / package, copy / package, ignore=_all_but_modules)
    for modules in BREACHES.values():
        for module, forbidden in modules.items():
            copy.joinpath(*module.split(".")).with_suffix(".py").write_text(f"import {forbidden}\n")

    command = [sys.executable, "-c", "import importlinter.cli; importlinter.cli.lint_imports_command()", "--no-cache"]
    linted = run_child(command, environment={"PYTHONPATH": str(copy), "COLUMNS": "1000"}, folder=copy)

    assert linted.returncode == 1, linted.stdout + linted.stderr
    details = linted.stdout.partition("Broken contracts")[2]
    names = "|".join(re.escape(name) for name in CONTRACTS)
    parts = re.split(rf"^({names})\n-+\n", details, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _all_but_modules(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".py") and not Path(folder, name).is_dir()]


def test_every_contract_has_a_breach_to_plant() -> None:
    assert sorted(BREACHES) == sorted(CONTRACTS)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_contract_refuses_the_import_planted_for_it(complaints: dict[str, str], contract: str) -> None:
    complaint = complaints.get(contract, "")

    for module, forbidden in BREACHES[contract].items():
        assert re.search(rf"\b{re.escape(module)} -> {re.escape(forbidden)} ", complaint), complaint
