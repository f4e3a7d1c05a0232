"""`dca-hosting keys`: make a key for somebody who signs, and begin to trust a root, on whatever machine."""

import argparse
import hashlib
from pathlib import Path

from appliance.common.plain import plain
from hosting.commands.confirmation import confirmed
from hosting.errors import RepositoryError
from hosting.repository.keys import make_key, passphrase_reader, silence_library
from hosting.signing.facts import facts_of
from hosting.signing.signer_trust import SignerTrust, begin_with_root, trust_folder


def run(options: argparse.Namespace) -> int:
    """Do what the action says."""
    return {"new": _new, "trust": _trust}[options.action](options)


def _new(options: argparse.Namespace) -> int:
    """Make NAME.key and NAME.pub."""
    file = Path(options.passphrase_file) if options.passphrase_file else None
    passphrase = passphrase_reader(file, f"the new key {options.name}", new=True)
    out = Path(options.out)
    if out.exists() and not out.is_dir():
        raise RepositoryError(f"{out} is a file, and both files of the key go into a folder. Name one with --out.")
    private, public = make_key(options.name, out, passphrase)
    print(f"Private key, encrypted with the passphrase: {private}")
    print(f"Public key, for `dca-hosting repository`:   {public}")
    return 0


def _trust(options: argparse.Namespace) -> int:
    """Trust the root of a file, after showing it; one that is trusted already stays."""
    silence_library()
    path, trust = Path(options.root), SignerTrust(trust_folder(options.trust, options.key))
    if not options.trust and not Path(options.key).is_file():
        raise RepositoryError(f"There is no key {options.key}, beside which this machine keeps what it trusts. Name another.")
    known, begun = trust.ground(), begin_with_root(path)
    root, sha256 = begun.root, hashlib.sha256(path.read_bytes()).hexdigest()
    assert root is not None
    if known.root is not None or known.founding:
        raise RepositoryError(
            f"{trust.path} trusts a root already; newer ones come with the drafts. To begin anew, remove that folder first."
        )
    print(f"root, version {root.signed.version}, SHA-256 {sha256}")
    print(*(plain(f"  {name}: {text}") for name, text in facts_of(root.signed.to_dict()).items()), sep="\n", flush=True)
    if options.sha256 is not None and options.sha256.strip().lower() != sha256:
        raise RepositoryError(
            f"{path} does not have the SHA-256 {options.sha256}. Nothing is trusted; ask where the file comes from."
        )
    if options.sha256 is None and not options.yes and not confirmed("Trust this root?", "trusted"):
        print("Nothing is trusted.")
        return 1
    trust.keep(begun)
    print(f"Trusted from now on in {trust.path}.")
    return 0
