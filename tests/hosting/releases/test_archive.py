"""Which image is in an archive, and what is no archive."""

import gzip
import json
from pathlib import Path

import pytest

from hosting.errors import ConfigurationError
from hosting.releases.archive import read_archive
from tests.hosting.repository.images import config, digest, layer, new_files, old_files, pack

IMAGE, LAYERS = config(), [layer("one"), layer("two")]


def write(folder: Path, content: bytes) -> Path:
    file = folder / "image.tar.gz"
    file.write_bytes(content)
    return file


def refused(file: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_archive(file)
    assert str(file) in str(caught.value)
    return str(caught.value)


def test_an_archive_of_an_older_engine_has_no_manifest(tmp_path: Path) -> None:
    found = read_archive(write(tmp_path, pack(old_files(IMAGE, LAYERS))))

    assert (found.platform, found.config, found.manifest) == ("linux/amd64", digest(IMAGE), None)
    assert found.size == sum(map(len, LAYERS))


def test_an_archive_of_a_newer_engine_names_its_manifest(tmp_path: Path) -> None:
    files = new_files(config("linux/arm64"), LAYERS)
    manifest = json.loads(files["index.json"])["manifests"][0]["digest"]
    found = read_archive(write(tmp_path, pack(files)))

    assert (found.platform, found.manifest) == ("linux/arm64", manifest)


def test_the_manifest_is_found_in_an_index_within_the_archive(tmp_path: Path) -> None:
    files = new_files(IMAGE, LAYERS)
    inner = files["index.json"]
    manifest = json.loads(inner)["manifests"][0]["digest"]
    files[f"blobs/sha256/{digest(inner)[7:]}"] = inner
    files["index.json"] = json.dumps({"manifests": [{"digest": digest(inner)}]}).encode()
    found = read_archive(write(tmp_path, pack(files)))

    assert found.manifest == manifest


def test_the_size_of_packed_layers_is_what_they_unpack_to(tmp_path: Path) -> None:
    large = bytes(5 << 20) + json.dumps(list(range(300_000))).encode()
    packed = gzip.compress(large)
    assert len(packed) > 1 << 19
    incompressible = packed + packed  # two members: what comes after the first is not counted

    found = read_archive(write(tmp_path, pack(old_files(IMAGE, [large, incompressible]))))
    assert found.size >= 2 * len(large) - (1 << 20)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not packed with gzip"),
        (b"PK\x03\x04", "not packed with gzip"),
        (b"\x1f\x8bnothing", "damaged"),
        (gzip.compress(b"no tar at all" * 100, mtime=0), "damaged"),
        (pack(new_files(IMAGE, LAYERS))[:-300], "damaged"),
        (pack({"hello": b"you"}), "no manifest.json of one image"),
        (pack(new_files(IMAGE, LAYERS) | {"manifest.json": b"[{}, {}]"}), "no manifest.json of one image"),
        (pack(new_files(IMAGE, LAYERS) | {"manifest.json": b"[" * 10_000}), "no manifest.json of one image"),
        (pack(new_files(IMAGE, LAYERS) | {"manifest.json": b'[{"Config": "lost", "Layers": ["a"]}]'}), "lacks the configuration"),
        (pack(old_files(IMAGE, [])), "lacks the configuration or the layers"),
        (pack(old_files(config("windows/amd64"), LAYERS)), "windows/amd64"),
        (pack(old_files(config("linux/s390x"), LAYERS)), "linux/amd64 or linux/arm64"),
    ],
)
def test_what_is_no_archive_of_an_appliance_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    assert said in refused(write(tmp_path, content))


def test_a_damaged_checksum_is_found(tmp_path: Path) -> None:
    content = bytearray(pack(old_files(IMAGE, LAYERS)))
    content[-8] ^= 1

    assert "damaged" in refused(write(tmp_path, bytes(content)))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "lost.tar.gz")
