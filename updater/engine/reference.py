"""What images are called by. Pure."""


def split_reference(reference: str) -> tuple[str, str]:
    """Return repository and tag of an image reference; the port of a registry is no tag."""
    repository, colon, tag = reference.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (reference, "latest")
