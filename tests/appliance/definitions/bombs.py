"""Files that no definition should be: written to break or to hold up whatever reads them."""

from tests.appliance.definitions.device import HEAD, P

_OBJECT = f'[[object]]\nname = "o"\noid = "{P}.32473.1.2.0"\ngives = "device.serial"\nevidence = "A"\n'
_DIGITS = "9" * 5000
_TABLE = f'[[table]]\nname = "t"\nevidence = "A"\ncolumns = {{ value = "{P}.32473.2.3.4" }}\n'

BOMBS: dict[str, bytes] = {
    "digits": f"{HEAD}{_OBJECT}unit = {_DIGITS}\n".encode(),
    "schema-of-5000-digits": f"schema = {_DIGITS}\n".encode(),
    "hex": b"schema = 0x" + b"f" * 200_000,
    "float": f"schema = 1e{_DIGITS}\n".encode(),
    "key-of-5000-digits": f'{HEAD}[quirks.level_states]\nstates = {{ {_DIGITS} = "ok" }}\n'.encode(),
    "code-of-5000-digits": f'{HEAD}{_TABLE}row = [{{ code = "{_DIGITS}", gives = "meters.total" }}]\n'.encode(),
    "object-of-5000-digits": f"{HEAD}{_OBJECT}".replace(f"{P}.32473", _DIGITS).encode(),
    "parentheses": f"{HEAD}{_OBJECT}pattern = '{'(' * 5000}'\n".encode(),
    "closed-parentheses": f"{HEAD}{_OBJECT}pattern = '{'(' * 190}{')' * 190}'\n".encode(),
    "repetitions": f"{HEAD}{_OBJECT}pattern = '((a{{1,99}}){{1,99}}){{1,99}}'\n".encode(),
    "arrays": b"a = " + b"[" * 100_000,
    "closed-arrays": b"a = " + b"[" * 5000 + b"]" * 5000,
    "arrays-for-an-object": f"{HEAD}{_OBJECT}".replace(f'"{P}.32473.1.2.0"', "[" * 200 + "]" * 200).encode(),
    "tables": b"a = " + b"{a=" * 20_000,
    "dotted-keys": b"a." * 50_000 + b"a = 1",
    "dotted-header": b"[" + b"a." * 50_000 + b"a]",
    "many-tables": b"".join(b"[a%d]\n" % number for number in range(30_000)),
    "many-objects": f"{HEAD}{_OBJECT * 2500}".encode(),
    "no-text": b"\xff\xfe" + HEAD.encode("utf-16-le"),
    "binary": bytes(range(256)) * 10,
    "huge": b"#" * 3_000_000,
    "control-characters": HEAD.replace("Acme", r"Ac\u001b[31mme").encode(),
    "empty": b"",
}
