"""What is known to stand inside the free texts by which devices describe themselves.

Only formats that whole product lines share and that are unmistakable by their own words are taken apart: the firmware of a print
server is never given as the firmware of the printer. (Lexmark's sysDescr names the network part of the printer's own firmware.)
"""

import re
from dataclasses import dataclass

from appliance.reading import makers


@dataclass(frozen=True, slots=True)
class Described:
    """What a sysDescr tells besides itself; None where it does not."""

    model: str | None = None
    serial: str | None = None
    firmware: str | None = None
    network_firmware: str | None = None


# In order: Lexmark and its designs sold by others, Ricoh and its brands, OKI, Xerox, designs of Fuji Xerox, Samsung, HP, Brother.
_FORMATS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<model>.+?) version (?P<firmware>\S+) kernel ",
        r"(?P<model>.+?) (?P<firmware>\d+(?:\.\d+)+) / .*Network (?:Printer|Scanner|Facsimile)",
        r".*: Attached to (?P<model>.+?) Rev\.(?P<firmware>\S+)",
        r"(?P<model>Xerox [^;]+);\s*(?:SS|System) (?P<firmware>[\d.]+)",
        r"(?P<model>[^;]+); Net(?:work)? (?P<network_firmware>[\d.]+), Controller (?P<firmware>[\d.]+)",
        r"(?P<model>Samsung [^;]+?)(?: OS |;\s*)(?P<firmware>V?\d+(?:\.\d+)+\S*?)(?:\s[\w-]+)?;(?:.*S/N[ :]*(?P<serial>\w+))?",
        r"HP ETHERNET MULTI-ENVIRONMENT(?=.*,SN:(?P<serial>\w+))?(?=.*,PID:(?P<model>[^,]+))?",
        r"Brother NC-\w+, Firmware Ver\.(?P<network_firmware>\S+)",  # the network card, not the printer
    )
)
_NO_MODEL = re.compile(
    r"generic|(?:network )?(?:printer|interface|print server)\b"
    r"|.*\b(?:ethernet|print server|printing system|jetdirect|scan server)\b",
    re.IGNORECASE,
)
_IS_ONE_MODEL = re.compile(r".*\d(?!.*x$).*")
"""A name with a number, but not one of a family with an x for the digits that differ, such as M408x."""
_AFTER_MODEL = re.compile(r"\s*(?:[;,]|\s/).*$")


def described(sys_descr: str) -> Described | None:
    """Return what a `sys_descr` of a known format tells of the device, None for any other."""
    for pattern in _FORMATS:
        found = pattern.match(sys_descr)
        if found:
            return Described(**{name: value.strip() for name, value in found.groupdict().items() if value})
    return None


def model_in(description: str, serial: str | None) -> str | None:
    """Return the model in a description such as hrDeviceDescr, without maker, serial number and what follows, or None."""
    name = makers.without_maker(_AFTER_MODEL.sub("", description.strip()))
    words = name.split()
    for position, word in enumerate(words):
        if serial and position and len(word) >= 6 and serial.upper().startswith(word.upper()):
            words = words[:position]
            break
    if len(words) > 1 and words[-1].lower() == "series" and _IS_ONE_MODEL.fullmatch(words[-2]):
        words.pop()
    model = " ".join(words)
    if not model or _NO_MODEL.match(model) or makers.leading_maker(model) == model:
        return None
    return model


def model_in_sys_descr(sys_descr: str, serial: str | None) -> str | None:
    """Return the model a sysDescr names after a known maker, if what follows looks like a model (it has a digit)."""
    if makers.leading_maker(sys_descr) is None or described(sys_descr) is not None:
        return None  # a known format has no other model than the one it names
    model = model_in(sys_descr, serial)
    return model if model and any(character.isdigit() for character in model) else None


def parse_device_id(device_id: str) -> dict[str, str]:
    """Return the fields of an IEEE 1284 device ID (`MFG:…;MDL:…;`), with the short names of the long ones, upper case.

    Some devices send the two octets of its length before it: the first key is cleaned of them.
    """
    fields: dict[str, str] = {}
    for part in device_id.split(";"):
        key, separator, value = part.partition(":")
        if separator:
            name = re.sub(r"[^A-Z0-9 ]", "", key.upper()).strip()
            fields.setdefault(_SHORT_KEYS.get(name, name), value.strip())
    return {key: value for key, value in fields.items() if value}


_SHORT_KEYS = {
    "MANUFACTURER": "MFG",
    "MODEL": "MDL",
    "COMMAND SET": "CMD",
    "CLASS": "CLS",
    "DESCRIPTION": "DES",
    "SERIALNUMBER": "SN",
}
