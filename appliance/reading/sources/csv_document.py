"""Tables of devices as text (RFC 4180): a row of names, and rows of values. Pure.

Values are parted by commas, semicolons or tabs, whichever the names are; they may be quoted. A column that has the name of another
one is nobody's: its values are none. A row that is shorter or longer than the names is not whole, and the table refused.
"""

import csv
import re

from appliance.reading.sources.document_tree import MAX_NODES, DocumentError, Node, data_in

_DELIMITERS = ",;\t"
_LINE_ENDS = re.compile(r"\r\n|\r|\n")


def read_csv(octets: bytes) -> Node:
    """Return the table: its one row by the names of the columns, of several rows a list of these. Raises DocumentError."""
    text = data_in(octets)
    head = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)
    if text.count(delimiter) + text.count("\n") > MAX_NODES:
        raise DocumentError(f"it has more than {MAX_NODES} values")
    try:
        rows = [row for row in csv.reader(_LINE_ENDS.split(text.strip("\r\n \0")), delimiter=delimiter, strict=True) if any(row)]
    except csv.Error as error:
        raise DocumentError(f"it is no table of values: {error}") from error
    if len(rows) < 2:
        raise DocumentError("it has no row of names with values below")
    names = [name.strip() for name in rows[0]]
    found = [_row(names, values) for values in rows[1:]]
    return found[0] if len(found) == 1 else Node(items=found)


def _row(names: list[str], values: list[str]) -> Node:
    more = len(values) - len(names)
    if any(value.strip() for value in values[len(names) :]) or any(names[len(values) :]):
        raise DocumentError(f"a row has {abs(more)} values too {'many' if more > 0 else 'few'}: it is not whole")
    row = Node()
    for name, value in zip(names, values, strict=False):
        if name:
            row.add(name, Node(value.strip()))
    return row
