"""`dca version`, the commands of other rooms, and a data folder that is of no use."""

from pathlib import Path

from appliance.common.version import installed_version
from tests.appliance.collector import Site


def test_version(site: Site) -> None:
    assert site.installed("version").stdout.strip() == installed_version()


def test_a_data_folder_that_cannot_be_made(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for words in (["once"], ["settings", "show"]):
        finished = site.dca(*words, more={"DCA_DATA_DIR": str(tmp_path / "file" / "data")})
        assert finished.returncode == 1
        assert "DCA_DATA_DIR" in finished.stderr
        assert len(finished.stderr.splitlines()) == 1


def test_commands_of_other_rooms_take_the_place_of_the_process(site: Site) -> None:
    assert "update" in site.dca("update", "--help").stdout
    admin = site.dca("admin", "--help")
    assert admin.returncode == 0, admin.stderr
