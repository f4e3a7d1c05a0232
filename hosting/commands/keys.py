"""`dca-hosting keys new`: make a key for somebody who signs, on whatever machine."""

import argparse
from pathlib import Path

from hosting.repository.keys import make_key, passphrase_reader


def run(options: argparse.Namespace) -> int:
    """Make NAME.key and NAME.pub."""
    file = Path(options.passphrase_file) if options.passphrase_file else None
    passphrase = passphrase_reader(file, f"the new key {options.name}", twice=True)
    private, public = make_key(options.name, Path(options.out), passphrase)
    print(f"Private key, encrypted with the passphrase: {private}")
    print(f"Public key, for `dca-hosting repository`:   {public}")
    return 0
