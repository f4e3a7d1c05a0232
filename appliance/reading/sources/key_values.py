"""Lines of `name = value`, as simple web interfaces tell their state. Pure.

A value may be quoted; a line that begins with # or ; or has no equals sign says nothing. A name that is there twice is nobody's.
"""

from appliance.reading.sources.document_tree import Counter, DocumentError, Node, data_in

_QUOTES = "\"'"


def read_key_values(octets: bytes) -> Node:
    """Return the values by their names. Raises DocumentError."""
    counter, root = Counter(), Node()
    for line in data_in(octets).splitlines():
        name, equals, value = line.partition("=")
        if not equals or name.lstrip()[:1] in ("#", ";", ""):
            continue
        counter.take()
        root.add(name.strip(), Node(_unquoted(value.strip().rstrip(";").rstrip())))
    if not root.members:
        raise DocumentError("no line of it is a name, an equals sign and a value")
    return root


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in _QUOTES else value
