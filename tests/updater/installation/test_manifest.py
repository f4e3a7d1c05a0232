"""The manifest finds each file that is not as it was built."""

from collections.abc import Callable
from pathlib import Path

import pytest

from updater.errors import ManifestError
from updater.installation import manifest


@pytest.fixture
def image(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name in ("usr/lib/libc.so", "opt/appliance/report.py", "opt/appliance/empty.py", "tmp/left", "etc/hosts", "root/.profile"):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("" if "empty" in name else name)
    (root / "usr/lib/libc.so.6").symlink_to("libc.so")
    (root / "usr/lib/dangling").symlink_to("nowhere")
    (root / "etc/shadow").write_text("secret")
    (root / "etc/shadow").chmod(0o640)
    (root / "root").chmod(0o700)
    return root


@pytest.fixture
def written(image: Path) -> Path:
    file = image / "opt/manifest.sha256"
    manifest.write(file, image)
    return file


def named(written: Path, image: Path) -> list[str]:
    return [str(Path(line.split("  ")[1]).relative_to(image)) for line in written.read_text().splitlines()[:-1]]


def test_what_everybody_may_read_is_covered_but_not_what_others_put_there(image: Path, written: Path) -> None:
    assert named(written, image) == ["opt/appliance/empty.py", "opt/appliance/report.py", "usr/lib/libc.so", "usr/lib/libc.so.6"]
    assert written.read_text().endswith("\n# 4 files\n")
    assert manifest.check(written, image) == manifest.Checked(4, ())


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[3] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(("damage", "word"), [(emptied, "empty"), (flipped, "changed"), (Path.unlink, "missing")])
def test_a_damaged_file_is_named(image: Path, written: Path, damage: Callable[[Path], None], word: str) -> None:
    file = image / "opt/appliance/report.py"
    damage(file)

    checked = manifest.check(written, image)

    assert checked.faults == (f"{file} ({word})",)
    assert checked.text == f"1 of 4 files are damaged: {file} ({word})"


def test_many_damaged_files_are_counted(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for number in range(8):
        (root / f"{number}").write_text("x")
    manifest.write(tmp_path / "m", root)
    for number in range(8):
        (root / f"{number}").write_text("")

    assert manifest.check(tmp_path / "m", root).text.endswith("4 (empty), and 3 more")


@pytest.mark.parametrize("keep", [0, 1, -1])
def test_a_manifest_that_is_not_whole_is_damage_itself(image: Path, written: Path, keep: int) -> None:
    lines = written.read_text().splitlines(keepends=True)
    written.write_text("".join(lines[:keep]))

    with pytest.raises(ManifestError, match="is damaged"):
        manifest.check(written, image)


def test_no_manifest_is_no_image(image: Path) -> None:
    with pytest.raises(ManifestError, match="not the image as it was built"):
        manifest.check(image / "none", image)
