"""The front-end files: pinned, licensed, and from no host but the one that serves the page."""

import json
import re
import tomllib

from tests.conftest import ROOT

FRONTEND = ROOT / "frontend"


def test_packages_are_pinned_and_the_lock_names_no_host() -> None:
    wanted = json.loads((FRONTEND / "package.json").read_text())
    versions = list(wanted["dependencies"].values()) + list(wanted["devDependencies"].values())
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
    lock = json.loads((FRONTEND / "package-lock.json").read_text())
    for name, package in lock["packages"].items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")


def test_our_style_and_script_use_no_other_host_and_no_eval() -> None:
    for file in (FRONTEND / "theme.css", FRONTEND / "page.js"):
        text = file.read_text()
        assert not re.search(r"https?://|@import|\beval\b\(|new Function", text), file


def test_an_installed_web_ui_has_all_its_templates() -> None:
    room = ROOT / "webui"
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["webui"]
    packed = {file for pattern in patterns for file in room.glob(pattern)}
    assert set(room.rglob("*.html")) <= packed


def test_both_web_interfaces_get_the_files_and_their_licences() -> None:
    for vendor in (ROOT / "webui" / "static" / "vendor", ROOT / "hosting" / "console" / "static" / "vendor"):
        for name in ("theme.css", "page.js", "mark.svg", "htmx.min.js", "bootstrap.min.css"):
            assert (vendor / name).stat().st_size > 100, f"{name} is missing in {vendor}; run `make frontend`"
        assert "MIT" in (vendor / "licenses" / "bootstrap.txt").read_text()
        assert "Zero-Clause BSD" in (vendor / "licenses" / "htmx.txt").read_text()
        assert "sourceMappingURL" not in (vendor / "bootstrap.min.css").read_text()
