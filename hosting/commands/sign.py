"""`dca-hosting sign`: add one signature to a draft, on a machine that has a key and what its owner trusts, and no server."""

import argparse
import hashlib
from dataclasses import replace
from pathlib import Path

from appliance.common.clock import utc_now
from appliance.common.plain import plain
from hosting.commands.confirmation import confirmed
from hosting.errors import RepositoryError
from hosting.repository.keys import load_signer, passphrase_reader, silence_library
from hosting.signing.draft_text import describe, describe_progress
from hosting.signing.drafts import Draft, read_draft, write_draft
from hosting.signing.signer_trust import SignerTrust, trust_folder
from hosting.signing.verification import Ground, VerifiedDraft, begin, digest, follow, verify


def run(options: argparse.Namespace) -> int:
    """Find out whether the draft is true, show what is signed, ask, sign it, and show who is still lacking."""
    silence_library()
    path, trust = Path(options.draft), SignerTrust(trust_folder(options.trust, options.key))
    draft = read_draft(path)
    verified = verify(draft, follow(_ground(draft, trust, options), draft.evidence))
    print(*describe(verified, utc_now()), sep="\n", flush=True)
    if note := trust.signed_otherwise(verified.role, verified.metadata):
        print(note, flush=True)
    if not options.yes and not confirmed("Sign this?", "signed"):
        print("Nothing was signed.")
        return 1
    file = Path(options.passphrase_file) if options.passphrase_file else None
    passphrase = passphrase_reader(file, f"the key {options.key}")
    verified.sign(load_signer(options.key, verified.candidates().values(), passphrase))
    # What is trusted from now on is there before the signature is.
    trust.keep(_confirmed(verified))
    trust.note_signed(verified.role, verified.metadata)
    write_draft(path, draft)
    print("Signed.", *describe_progress(verified), sep="\n")
    return 0


def _ground(draft: Draft, trust: SignerTrust, options: argparse.Namespace) -> Ground:
    """Return what is trusted here, or what the person says by its hash. Raises RepositoryError where there is neither."""
    ground, roots, wanted = trust.ground(), draft.evidence.roots, options.root_sha256
    if wanted is not None and not roots:
        raise RepositoryError("No root is published yet that could have a SHA-256. Leave --root-sha256 out at the founding.")
    if (ground.root is not None or ground.founding or not roots) and wanted is None:
        return ground
    if wanted is None:
        raise RepositoryError(
            f"Nothing is trusted in {trust.path} yet, and a draft cannot vouch for itself. Bring the root.json of somebody who "
            f"signs as well, from the folder `trust` beside their key: dca-hosting keys trust root.json --trust {trust.path} "
            "(or give --root-sha256 with the hash after `&root=` of an enrolment string that came another way)."
        )
    for root in roots:
        if hashlib.sha256(root.to_bytes()).hexdigest() == wanted.strip().lower():
            return begin(root) if ground.root is None and not ground.founding else ground
    raise RepositoryError(f"No root of this draft has the SHA-256 {plain(wanted)}. Do not sign it; compare where both come from.")


def _confirmed(verified: VerifiedDraft) -> Ground:
    first = verified.founding_root
    return verified.ground if first is None else replace(verified.ground, founding=digest(first))
