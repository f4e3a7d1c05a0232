"""`dca-hosting doctor`: what is wrong with this installation, and how it is mended."""

import argparse
from dataclasses import asdict
from pathlib import Path

from appliance.common.plain import plain, plain_json
from hosting.config import data_folder, make_config
from hosting.diagnosis import examine
from hosting.errors import ConfigurationError

MARKS = {"ok": "ok     ", "warning": "WARNING", "failed": "FAILED "}


def run(options: argparse.Namespace) -> int:
    """Print one line a finding; 1 where something has failed, 0 also where there are warnings."""
    if bool(options.cert) != bool(options.key):
        raise ConfigurationError("--cert and --key belong together: give both.")
    config = make_config(data_folder(options.data), public_urls=options.public_url)
    findings = list(examine(config, (Path(options.cert), Path(options.key)) if options.cert else None))
    if options.json:
        print(plain_json({"findings": [asdict(finding) for finding in findings]}))
    else:
        for finding in findings:
            advice = f" -> {finding.advice}" if finding.advice else ""
            print(plain(f"{MARKS[finding.state]}  {finding.name:11}  {finding.text}{advice}"))
    return int(any(finding.state == "failed" for finding in findings))
