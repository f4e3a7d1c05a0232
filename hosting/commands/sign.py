"""`dca-hosting sign`: add one signature to a draft, on a machine that needs to have nothing but the draft and a key."""

import argparse
from pathlib import Path

from hosting.repository.draft_text import describe, describe_progress
from hosting.repository.drafts import read_draft, write_draft
from hosting.repository.keys import load_signer, passphrase_reader, silence_library


def run(options: argparse.Namespace) -> int:
    """Show what is signed, sign it, and show who is still lacking."""
    silence_library()
    path = Path(options.draft)
    draft = read_draft(path)
    print(*describe(draft), sep="\n", flush=True)
    file = Path(options.passphrase_file) if options.passphrase_file else None
    passphrase = passphrase_reader(file, f"the key {options.key}")
    draft.sign(load_signer(options.key, draft.candidates().values(), passphrase))
    write_draft(path, draft)
    print("Signed.", *describe_progress(draft), sep="\n")
    return 0
