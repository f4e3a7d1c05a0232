"""`dca trust`: the TUF client alone, for scripts and conformance suites."""

import argparse
import logging
from pathlib import Path

from appliance.settings.environment import environment_layer
from appliance.settings.validation import validate
from updater.trust.client import RepositoryUrls, TrustClient, require_root
from updater.trust.folder import ROOT_BYTES, TrustFolder, folder_errors, read_bounded
from updater.trust.http_source import Fetcher


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare options and actions."""
    parser.add_argument("--metadata-dir", required=True, type=Path, metavar="D", help="folder of the trusted metadata")
    parser.add_argument("--metadata-url", metavar="U", help="address of the metadata of the repository")
    parser.add_argument("--target-name", action="append", metavar="P", help="target to download; several are done in order")
    parser.add_argument("--target-base-url", metavar="U", help="address of the targets of the repository")
    parser.add_argument("--target-dir", type=Path, metavar="D", help="folder for the targets")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    begin = actions.add_parser("init", help="copy the root to begin with into the folder; nobody is contacted")
    begin.add_argument("root", type=Path, metavar="ROOT", help="root.json that came from the hosting team")
    begin.set_defaults(run=_init)
    actions.add_parser("refresh", help="bring the metadata up to date").set_defaults(run=_refresh, needs=("metadata_url",))
    actions.add_parser("download", help="bring the metadata up to date, then fetch targets").set_defaults(
        run=_download, needs=("metadata_url", "target_name", "target_base_url", "target_dir")
    )


def missing(options: argparse.Namespace) -> str:
    """Return which options the action needs and was not given, empty when all is there."""
    lacking = [name for name in getattr(options, "needs", ()) if not getattr(options, name)]
    return ", ".join(f"--{name.replace('_', '-')}" for name in lacking)


def _init(options: argparse.Namespace) -> int:
    with folder_errors(options.root):
        content = read_bounded(options.root, ROOT_BYTES)
    require_root(content, str(options.root))
    TrustFolder(options.metadata_dir).keep_bootstrap(content)
    return 0


def _refresh(options: argparse.Namespace) -> int:
    with _client(options) as client:
        client.refresh()
    return 0


def _download(options: argparse.Namespace) -> int:
    with _client(options) as client:
        repository = client.refresh()
        for name in options.target_name:
            repository.download(name, options.target_dir)
    return 0


def _client(options: argparse.Namespace) -> TrustClient:
    """Return a client that takes authority and proxy from the environment, as there need not be any settings here."""
    # One sentence is all that appears on standard error.
    logging.basicConfig(handlers=[logging.NullHandler()])
    values, variables = environment_layer()
    return TrustClient(
        options.metadata_dir,
        RepositoryUrls(options.metadata_url, options.target_base_url or ""),
        bootstrap=TrustFolder(options.metadata_dir).bootstrap(),
        source=Fetcher(validate(values, variables).hosting),
    )
