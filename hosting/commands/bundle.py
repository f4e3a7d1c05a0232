"""`dca-hosting bundle`: write a release into a file, for sites without a way to this server."""

import argparse
from pathlib import Path

from appliance.common.clock import to_rfc3339
from hosting.config import data_folder, make_config
from hosting.releases.bundle import write_bundle
from hosting.repository.folder import RepositoryFolder


def run(options: argparse.Namespace) -> int:
    """Write it, and say until when it can be used."""
    folder = RepositoryFolder(make_config(data_folder(options.data)).repository)
    out = Path(options.out).absolute()
    bundle = write_bundle(folder, options.channel, options.version, options.platform, out)
    print(f"Wrote {out}: release {bundle.version} for {options.platform}, {bundle.size:,} bytes.")
    print(f"It is offered to {bundle.takers}; others refuse it.")
    print(f"They take it until {to_rfc3339(bundle.valid_until)}; later only where an admin allows it.")
    print("There: dca update bundle FILE, or the page Health and updates of the web interface.")
    return 0
