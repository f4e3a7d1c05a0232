"""`dca version`."""

import argparse

from appliance.common.version import installed_version


def run(_arguments: argparse.Namespace) -> int:
    """Print the version of this appliance."""
    print(installed_version())
    return 0
