"""`dca-hosting serve`: run the server."""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from appliance.common.log import configure_logging
from appliance.common.version import installed_version
from hosting.certificates import CertificateFiles, names_in, renew_when_due, server_context
from hosting.commands.preparation import open_existing
from hosting.config import Config
from hosting.errors import ConfigurationError
from hosting.server import Listening, serve
from hosting.services import make_services


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    configure_logging("hosting", level=options.log_level, stream=sys.stderr)
    if options.http and (options.cert or options.key):
        raise ConfigurationError("--http and --cert cannot both be: choose plain HTTP or HTTPS.")
    if bool(options.cert) != bool(options.key):
        raise ConfigurationError("--cert and --key belong together: give both.")
    if not 0 <= options.port <= 65535:
        raise ConfigurationError(f"--port {options.port} is no port. Choose one from 1 to 65535, or 0 for any free one.")
    config, database = open_existing(options)
    services = make_services(replace(config, allowed_hosts=(*config.allowed_hosts, *_own_names(options, config))), database)
    try:
        listening = Listening(options.bind, options.port, None if options.http else _context(options, config))
        asyncio.run(serve(services, listening, lambda port: _say_ready(config, listening, port)))
    finally:
        services.close()
    return 0


def _own_names(options: argparse.Namespace, config: Config) -> Iterator[str]:
    """Yield the names that this server was given: the one it is bound to, and those in its certificate."""
    if options.bind:
        yield options.bind
    certificate = Path(options.cert) if options.cert else CertificateFiles(config.folder).server
    if not options.http and certificate.exists():
        yield from names_in(certificate)


def _context(options: argparse.Namespace, config: Config) -> Any:
    if options.cert:
        return server_context(Path(options.cert), Path(options.key))
    files = CertificateFiles(config.folder)
    if not files.server.exists():
        raise ConfigurationError(
            f"There is no certificate in {config.folder}. Run dca-hosting init --private-ca, or give --cert and --key, or --http."
        )
    if renew_when_due(files):
        structlog.get_logger().info("the certificate of the server was renewed", file=str(files.server))
    return server_context(files.server, files.server_key)


def _say_ready(config: Config, listening: Listening, port: int) -> None:
    scheme = "http" if listening.context is None else "https"
    if listening.context is None and not config.public_urls:
        warning = (
            "Plain HTTP: passwords and readings can be read on the way. Put a proxy with HTTPS in front, or use a certificate."
        )
        print(f"dca-hosting: warning: {warning}", file=sys.stderr, flush=True)
    host = listening.bind or "localhost"
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - compared only
    address = config.public_urls[0] if config.public_urls else f"{scheme}://{host}:{port}"
    print(f"dca-hosting {installed_version()} is ready on port {port}: {address}/", flush=True)
