"""The string that brings an appliance to this server: its address, a code that works once, and the root of trust by its hash."""

import hashlib

from hosting.config import Config


def enrolment_string(config: Config, url: str, code: str) -> str:
    """Return the string for `code`; it names the newest published root where the server has a repository."""
    # Loading the repository takes longer than all the rest of the command.
    from hosting.repository.repository import Repository  # noqa: PLC0415

    repository = Repository.open(config.repository)
    root = f"&root={hashlib.sha256(repository.trusted_root()).hexdigest()}" if repository else ""
    return f"{url}#enrol={code}{root}"
