"""`dca-hosting serve`: run the server."""

import argparse
import asyncio
import gc
import sys
from dataclasses import replace
from pathlib import Path

import structlog

from appliance.common.log import configure_logging
from appliance.common.version import installed_version
from hosting.certificates import CertificateFiles
from hosting.commands.preparation import open_existing
from hosting.config import Config, log_form
from hosting.db.connection.slow_statements import log_slow_statements
from hosting.db.lists import search_index
from hosting.errors import ConfigurationError
from hosting.request_context import add_request
from hosting.server import Listening, serve
from hosting.server_certificate import ServerCertificate
from hosting.services import make_services

COLLECTED_AFTER = 100_000
"""Objects made, less those gone by themselves, before circles are looked for: more than a batch of readings is made of."""


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    configure_logging("hosting", level=options.log_level, stream=sys.stderr, form=log_form(), context=[add_request])
    if options.http and (options.cert or options.key):
        raise ConfigurationError("--http and --cert cannot both be: choose plain HTTP or HTTPS.")
    if bool(options.cert) != bool(options.key):
        raise ConfigurationError("--cert and --key belong together: give both.")
    if not 0 <= options.port <= 65535:
        raise ConfigurationError(f"--port {options.port} is no port. Choose one from 1 to 65535, or 0 for any free one.")
    config, database = open_existing(options)
    named = replace(config, allowed_hosts=(*config.allowed_hosts, *([options.bind] if options.bind else [])))
    try:
        if missing := search_index.prepare(database):
            structlog.get_logger().warning("searches are slow", reason=missing)
        certificate = None if options.http else _certificate(options, config)
    except BaseException:
        database.close()
        raise
    log_slow_statements(database.engine, config.slow_statement_ms / 1000)
    services = make_services(named, database, certificate)
    # What is there by now stays, and batches leave no circles behind: looking for them took a third of the time of intake.
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER, 10, 10)
    try:
        listening = Listening(options.bind, options.port, certificate)
        asyncio.run(serve(services, listening, lambda port: _say_ready(config, listening, port)))
    finally:
        services.close()
    return 0


def _certificate(options: argparse.Namespace, config: Config) -> ServerCertificate:
    if options.cert:
        return ServerCertificate(Path(options.cert), Path(options.key))
    files = CertificateFiles(config.folder)
    if not files.server.exists():
        raise ConfigurationError(
            f"There is no certificate in {config.folder}. Run dca-hosting init --private-ca, or give --cert and --key, or --http."
        )
    return ServerCertificate(files.server, files.server_key, files)


def _say_ready(config: Config, listening: Listening, port: int) -> None:
    scheme = "http" if listening.certificate is None else "https"
    if listening.certificate is None and not config.public_urls:
        warning = (
            "Plain HTTP: passwords and readings can be read on the way. Put a proxy with HTTPS in front, or use a certificate."
        )
        print(f"dca-hosting: warning: {warning}", file=sys.stderr, flush=True)
    host = listening.bind or "localhost"
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - compared only
    address = config.public_urls[0] if config.public_urls else f"{scheme}://{host}:{port}"
    print(f"dca-hosting {installed_version()} is ready on port {port}: {address}/", flush=True)
