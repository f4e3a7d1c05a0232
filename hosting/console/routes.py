"""The addresses of the console and the settings its pages need."""

from typing import Any

from tornado.web import RequestHandler

from hosting.config import Config


def console_routes(base: str) -> list[tuple[str, type[RequestHandler]]]:
    return []


def console_settings(config: Config) -> dict[str, Any]:
    return {}
