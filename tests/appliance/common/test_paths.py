"""The data folder: one appliance at a time, and sentences for folders that cannot be used; files that are always whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.common.errors import DataFolderError
from appliance.common.files import write_atomic
from appliance.common.paths import Paths
from appliance.process.lock import MainLock

NOBODY = 65534


def test_a_second_appliance_on_the_same_folder_is_refused_and_the_first_named(tmp_path: Path) -> None:
    with (
        MainLock(tmp_path / ".main.lock"),
        pytest.raises(DataFolderError, match=rf"in use by another appliance \(process {os.getpid()}\).*DCA_DATA_DIR"),
        MainLock(tmp_path / ".main.lock"),
    ):
        pass


def test_the_lock_is_free_when_its_process_is_gone(tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom appliance.process.lock import MainLock\n"
        "with MainLock(Path(sys.argv[1])):\n    print('locked', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, tmp_path / ".main.lock"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        with pytest.raises(DataFolderError, match=f"process {process.pid}"), MainLock(tmp_path / ".main.lock"):
            pass
        process.kill()
        process.wait()
        with MainLock(tmp_path / ".main.lock"):
            pass
    with MainLock(tmp_path / ".main.lock"):
        pass


def test_a_lock_that_cannot_be_opened_gives_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="cannot be opened: No such file"), MainLock(tmp_path / "nowhere" / ".main.lock"):
        pass


def test_the_folders_of_the_environment_are_used(tmp_path: Path) -> None:
    paths = Paths.from_environment({"DCA_DATA_DIR": str(tmp_path / "data"), "DCA_RUN_DIR": str(tmp_path / "run")})
    paths.prepare()
    assert paths.settings == tmp_path / "data" / "settings.json"
    assert paths.collector_socket == tmp_path / "run" / "collector.sock"
    assert paths.trust.is_dir()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_without_a_folder_for_sockets_they_live_in_the_data_folder(tmp_path: Path) -> None:
    assert Paths.from_environment({"DCA_DATA_DIR": str(tmp_path)}).run == tmp_path / "run"


def test_a_data_folder_below_a_file_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderError, match=r"The folder .*file/data cannot be made: Not a directory\..*DCA_DATA_DIR"):
        Paths.from_environment({"DCA_DATA_DIR": str(tmp_path / "file" / "data")}).prepare()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_data_folder_of_somebody_else_gives_a_sentence_with_the_remedy() -> None:
    script = (
        "import os, sys, tempfile\nfrom appliance.common.errors import DataFolderError\nfrom appliance.common.paths import Paths\n"
        "folder = tempfile.mkdtemp(); os.chmod(folder, 0o755)\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "for data in (folder, folder + '/data'):\n"
        "    try: Paths.from_environment({'DCA_DATA_DIR': data}).prepare()\n"
        "    except DataFolderError as error: print(error)\n"
        "print(folder)\n"
    )
    lines = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.splitlines()
    folder = lines.pop()
    Path(folder).rmdir()
    not_writable, not_made = lines
    assert not_writable.startswith(f"The folder {folder}")
    assert f"{NOBODY}" in not_writable
    assert not_made.startswith(f"The folder {folder}/data cannot be made: Permission denied. Give user {NOBODY} write access")


def test_a_file_is_replaced_as_a_whole_with_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_atomic(file, b"one", mode=0o600)
    write_atomic(file, b"two", mode=0o640)
    assert file.read_bytes() == b"two"
    assert file.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_file_that_cannot_be_replaced_stays_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside").touch()
    with pytest.raises(OSError, match="directory"):
        write_atomic(tmp_path / "folder", b"content")
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]
