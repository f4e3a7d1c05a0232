"""The signed configuration document: what is taken, and each way in which one is refused."""

import contextlib
import json
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import BaseModel, SecretStr

from appliance.settings.document import (
    DOCUMENT_BYTES,
    Document,
    DocumentError,
    ReceivedLayerName,
    group_path,
    marker,
    parse_document,
    site_path,
    write_document,
)
from appliance.settings.model import SECRET_SETTINGS, SITE_ONLY_FIELDS, Settings


def content(**changes: Any) -> bytes:
    return json.dumps({"format": 1, "version": 1, **changes}).encode()


def refused(document: bytes, reason: str, layer: ReceivedLayerName = "assigned") -> str:
    with pytest.raises(DocumentError) as caught:
        parse_document(document, layer)
    assert caught.value.reason == reason, caught.value
    assert str(caught.value).endswith("."), caught.value
    return str(caught.value)


def test_a_document_is_read_as_it_was_written() -> None:
    document = Document(
        version=7,
        settings={"scan": {"targets": ["10.0.0.0/24"], "read_minutes": 30}, "hosting": {"check_in_seconds": 30}},
        definitions={"kyocera.toml": 'vendor = "Kyocera"\n'},
        group="big-sites",
    )
    written = write_document(document)

    assert parse_document(written, "assigned") == document
    assert write_document(parse_document(written, "assigned")) == written


@given(
    some.integers(1, 2**53),
    some.fixed_dictionaries({}, optional={"read_minutes": some.integers(1, 1440), "icmp": some.booleans()}),
    some.text(max_size=100),
)
def test_what_is_written_reads_as_the_same(version: int, scan: dict[str, Any], name: str) -> None:
    document = Document(version, {"scan": scan, "site": {"name": "".join(c for c in name if not 0xD800 <= ord(c) < 0xE000)}})
    assert parse_document(write_document(document), "global") == document


def test_what_is_left_out_sets_nothing() -> None:
    assert parse_document(content(), "global") == Document(version=1)


@pytest.mark.parametrize(
    ("document", "reason", "named"),
    [
        (b" " * (DOCUMENT_BYTES + 1), "too long", "262145"),
        (b"[" * 10_000, "too deep", "32 levels"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too deep", "32 levels"),
        (b"[" * 33 + b"]" * 33, "too deep", "32 levels"),
        (b"", "not json", "line 1"),
        (b'{"format": 1, "version": 1', "not json", "line 1"),
        (b'\xef\xbb\xbf{"format": 1, "version": 1}', "not json", "BOM"),
        ('{"format": 1, "version": 1}'.encode("utf-16"), "not json", "UTF-8"),
        (b'{"format": 1, "version": 1, "group": "\xff"}', "not json", "UTF-8"),
        (b'{"format": 1, "format": 1, "version": 1}', "not json", "twice"),
        (b'{"format": 1, "version": 1, "settings": {"snmp": {"timeout_seconds": NaN}}}', "not json", "NaN"),
        (b'{"format": 1, "version": 1, "settings": {"snmp": {"timeout_seconds": -Infinity}}}', "not json", "Infinity"),
        (b'{"format": 1, "version": 1, "settings": {"snmp": {"timeout_seconds": 1e999}}}', "not json", "too large"),
        (b'{"format": 1, "version": ' + b"9" * 5000 + b"}", "not json", "integer"),
        (b'{"format": 1, "version": 1, "settings": {"site": {"name": "\\ud800"}}}', "not json", "half of a character"),
        (b"[]", "format", "object"),
        (b'{"version": 1}', "format", "format"),
        (content(format=2), "format", "newer appliance"),
        (content(format=True), "format", "format"),
        (content(version=0), "format", "version"),
        (content(version="1"), "format", "version"),
        (content(version=10**300), "format", "version"),
        (content(colour="red"), "format", "colour"),
        (content(group="Big sites"), "format", "group"),
        (content(group=None), "format", "group"),
        (content(settings=[]), "format", "settings"),
        (content(settings={"scan": 1}), "format", "settings"),
        (content(definitions={"a.toml": 1}), "format", "definitions"),
        (content(settings={"nonsense": {}}), "invalid", "nonsense"),
        (content(settings={"scan": {"speed": 1}}), "invalid", "scan.speed"),
        (content(settings={"scan": {"targets": ["10.0.0.0/99"]}}), "invalid", "10.0.0.0/99"),
        (content(settings={"scan": {"read_minutes": 10**4000}}), "invalid", "scan.read_minutes"),
        (content(settings={"scan": {"read_minutes": None}}), "invalid", "scan.read_minutes"),
        (content(definitions={"../a.toml": ""}), "invalid", "../a.toml"),
        (content(definitions={"a.toml": "a ="}), "invalid", "a.toml"),
        (content(definitions={"a.toml": "a = " + "[" * 10_000}), "invalid", "nested"),
        (content(definitions={"a.toml": ".".join("a" * 70) + " = 1"}), "invalid", "nested"),
        (content(definitions={f"a{number}.toml": "" for number in range(65)}), "invalid", "65"),
        (content(settings={"guardrails": {"networks": []}}), "site only", "guardrails.networks"),
        (content(settings={"hosting": {"url": "https://other.example"}}), "site only", "hosting.url"),
        (content(settings={"update": {"level": "auto"}}), "site only", "update.level"),
        (content(settings={"snmp": {"credentials": []}}), "secret", "snmp.credentials"),
    ],
)
def test_a_document_is_refused_with_its_reason(document: bytes, reason: str, named: str) -> None:
    assert named in refused(document, reason)


def test_only_the_document_of_a_site_names_a_group() -> None:
    assert parse_document(content(group="big"), "assigned").group == "big"
    for layer in ("global", "group"):
        refused(content(group="big"), "format", layer)


def test_brackets_within_strings_are_no_levels() -> None:
    name = '"[' * 40 + "\\"
    assert parse_document(content(settings={"site": {"name": name}}), "global").settings["site"]["name"] == name


@pytest.mark.parametrize(
    "document",
    [
        b'{"a":' * 20_000_000,
        b"[" * DOCUMENT_BYTES,
        b'"' + b'\\"' * (DOCUMENT_BYTES // 2 - 1),
        b'"' * DOCUMENT_BYTES,
        b"\\" * DOCUMENT_BYTES,
        b'"\\' * (DOCUMENT_BYTES // 2),
        b"1" * DOCUMENT_BYTES,
    ],
)
def test_monsters_cost_neither_time_nor_memory(document: bytes) -> None:
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(DocumentError):
        parse_document(document, "global")
    seconds, (_, peak) = time.process_time() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert seconds < 2
    assert peak < 30 << 20


@pytest.mark.parametrize(
    "text",
    [
        ".".join(["a"] * 120_000) + " = 1",
        "[" + " . ".join(["a"] * 60_000) + "]",
        ".".join(['"\\""'] * 40_000) + " = 1",
        ".".join(["'a'"] * 60_000) + " = 1",
        "a = {" + ".".join(["b"] * 120_000) + " = 1}",
        "a = " + "[" * 200_000,
        "x" * 250_000,
        '"' * 250_000,
        '"\\' * 60_000,
        "[[a]]\n" * 40_000,
        "[a]\n" * 40_000,
        "a" + " " * 200_000,
        "a." * 60 + "\n" + "a." * 60,
    ],
)
def test_definitions_that_are_monsters_cost_neither_time_nor_memory(text: str) -> None:
    begun = time.process_time()
    with contextlib.suppress(DocumentError):
        parse_document(write_document(Document(1, {}, {"a.toml": text})), "global")
    assert time.process_time() - begun < 3


def secrets_of(model: type[BaseModel], path: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield from secrets_in(field.annotation, f"{path}.{name}".removeprefix("."))


def secrets_in(kind: Any, path: str) -> Iterator[str]:
    if kind is SecretStr:
        yield path
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from secrets_of(kind, path)
    for part in get_args(kind):
        yield from secrets_in(part, path)


def test_every_setting_of_the_model_that_holds_a_secret_is_named() -> None:
    assert {".".join(path.split(".")[:2]) for path in secrets_of(Settings)} == SECRET_SETTINGS


def test_the_marker_names_what_there_is_in_whatever_order_it_comes() -> None:
    layers = [("config/global/all.json", "a" * 64), (group_path("big"), "b" * 64), (site_path("s1"), "c" * 64)]

    assert marker([]) == "none"
    assert marker(layers) == marker(layers[::-1]) == "a60e4c8525459297"
    assert len({marker(layers[:count]) for count in range(4)}) == 4


@pytest.mark.parametrize("field", sorted(SITE_ONLY_FIELDS["scan"]))
def test_only_the_site_says_what_is_looked_for_beside_the_ranges(field: str) -> None:
    value = Settings().scan.model_dump(mode="json")[field]
    assert f"scan.{field}" in refused(content(settings={"scan": {field: value}}), "site only", "global")
