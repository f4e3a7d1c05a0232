"""The log: JSON lines, and no secret in any of them."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from appliance.common.log import configure_logging
from appliance.settings.validation import validate


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    yield io.StringIO()
    for handler in root.handlers:
        if handler not in before:
            handler.close()
    root.handlers[:] = before
    root.setLevel(level)
    logging.raiseExceptions = raising
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line_that_names_its_component(stream: io.StringIO) -> None:
    configure_logging("collector", stream=stream)
    structlog.get_logger().info("device read", address="10.0.0.1", seconds=0.2)
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["component"], line["address"], line["seconds"]) == (
        "device read", "info", "collector", "10.0.0.1", 0.2,
    )  # fmt: skip
    assert line["time"].endswith("Z")


@pytest.mark.parametrize(
    "fields",
    [
        {"community": "s3cret"},
        {"proxy_password": "s3cret"},
        {"Authorization": "Bearer s3cret"},
        {"settings": {"snmp": [{"name": "office", "community": "s3cret"}]}},
        {"enrolment": "https://hosting.example#enrol=s3cret&root=00"},
        {"url": "http://anna:s3cret@proxy.example:8080/"},
        {"rows": ({"api_token": "s3cret"},)},
    ],
)
def test_secrets_never_get_into_the_log(stream: io.StringIO, fields: dict[str, Any]) -> None:
    configure_logging("collector", stream=stream)
    structlog.get_logger().info("something happened", **fields)
    logging.getLogger("library").warning("something happened", extra=fields)
    assert len(lines(stream)) == 2
    assert "s3cret" not in stream.getvalue()
    assert "(hidden)" in stream.getvalue()


def test_a_secret_in_the_address_of_a_traceback_is_hidden(stream: io.StringIO) -> None:
    configure_logging("collector", stream=stream)
    try:
        raise ValueError("cannot use https://hosting.example#enrol=s3cret")
    except ValueError:
        structlog.get_logger().exception("it failed")
    (line,) = lines(stream)
    assert "ValueError" in line["exception"]
    assert "s3cret" not in stream.getvalue()


def test_settings_may_be_logged(stream: io.StringIO) -> None:
    configure_logging("collector", stream=stream)
    settings = validate({"snmp": {"credentials": [{"community": "s3cret"}]}})
    structlog.get_logger().info("settings", settings=settings, dumped=settings.model_dump(mode="json"))
    assert "s3cret" not in stream.getvalue()


def test_what_is_no_secret_stays(stream: io.StringIO) -> None:
    configure_logging("collector", stream=stream)
    structlog.get_logger().info("reached", url="https://hosting.example/dca/api?site=7", names=["a", "b"], nothing=None)
    (line,) = lines(stream)
    assert (line["url"], line["names"], line["nothing"]) == ("https://hosting.example/dca/api?site=7", ["a", "b"], None)


def test_the_level_is_kept(stream: io.StringIO) -> None:
    configure_logging("collector", level="warning", stream=stream)
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_the_file_has_the_same_lines(stream: io.StringIO, tmp_path: Path) -> None:
    configure_logging("collector", stream=stream, folder=tmp_path)
    structlog.get_logger().info("device read")
    assert (tmp_path / "collector.log").read_text() == stream.getvalue()
