"""The texts by which a device describes itself, and what is known to stand inside them.

Which formats of sysDescr and hrDeviceDescr say what stands in the vendor definitions; they are unmistakable by their own words: the
firmware of a print server is never given as the firmware of the printer.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from appliance.privacy.free_texts import holds_secrets
from appliance.reading.definitions.definitions import Definition, Definitions
from appliance.reading.definitions.permitted import SHARED
from appliance.reading.identity.makers import Makers
from appliance.reading.identity.placeholders import is_no_value, meant
from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.reading.view import View, text
from appliance.snmp.values import Oid

_ENTERPRISES: Oid = (1, 3, 6, 1, 4, 1)
_NO_MODEL = re.compile(
    r"generic|(?:network )?(?:printer|interface|print server)\b"
    r"|.*\b(?:ethernet|print server|printing system|jetdirect|scan server)\b",
    re.IGNORECASE,
)
_IS_ONE_MODEL = re.compile(r".*\d(?!.*x$).*")
"""A name with a number, but not one of a family with an x for the digits that differ, such as M408x."""
_AFTER_MODEL = re.compile(r"\s*(?:[;,]|\s/).*$")
_DEVICE_ID = "device.device_id"


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts by which a device describes itself, empty where it has none."""

    sys_object_id: Oid | None = None
    sys_descr: str = ""
    device_descr: str = ""
    printer_name: str = ""
    device_id: Mapping[str, str] = field(default_factory=dict)
    """The IEEE 1284 device ID of the PWG Printer Port Monitor MIB."""
    private_id: Mapping[str, str] = field(default_factory=dict)
    """The IEEE 1284 device ID in an object of the vendor."""
    described_id: Mapping[str, str] = field(default_factory=dict)
    """The IEEE 1284 device ID that stands in place of sysDescr, hrDeviceDescr or prtGeneralPrinterName."""
    described_in: str = ""
    """The source of `described_id`."""
    vendor_name: str = ""
    """The maker of a tray (prtInputVendorName), which is asked for only where nothing else names a maker."""
    answering: frozenset[int] = frozenset()
    """The enterprise numbers below which the device has answered anything, but for what several vendors share."""

    @property
    def descriptions(self) -> tuple[str, ...]:
        """What the device is called: sysDescr, hrDeviceDescr, prtGeneralPrinterName and the models of its 1284 IDs."""
        ids = (each.get("MDL", "") for each in (self.device_id, self.private_id, self.described_id))
        return tuple(filter(None, (self.sys_descr, self.device_descr, self.printer_name, *ids)))

    @property
    def maker_names(self) -> tuple[str, ...]:
        """Texts that begin with the maker, the surest first."""
        ids = (each.get("MFG", "") for each in (self.device_id, self.private_id, self.described_id))
        return tuple(filter(None, (*ids, self.device_descr, self.sys_descr, self.printer_name, self.vendor_name)))

    @property
    def enterprise(self) -> int | None:
        """The IANA private enterprise number in sysObjectID."""
        oid = self.sys_object_id
        return oid[6] if oid is not None and oid[:6] == _ENTERPRISES and len(oid) > 6 else None


def texts_of(view: View, definitions: Definitions) -> Texts:
    """Return how the device describes itself."""
    value = view.system(mib.SYS_OBJECT_ID)
    told = {
        mib.SYS_DESCR: text(view.system(mib.SYS_DESCR)) or "",
        mib.HR_DEVICE_DESCR: view.localized(view.scalar(mib.HR_DEVICE_DESCR)) or "",
        mib.PRT_GENERAL_PRINTER_NAME: view.localized(view.scalar(mib.PRT_GENERAL_PRINTER_NAME)) or "",
    }
    ids = {column: parsed for column, free_text in told.items() if (parsed := device_id_in(free_text))}
    told |= {column: _words_of(parsed) for column, parsed in ids.items()}
    described_in, described_id = next(iter(ids.items()), (None, {}))
    return Texts(
        sys_object_id=value.content if value is not None and isinstance(value.content, tuple) else None,
        sys_descr=told[mib.SYS_DESCR],
        device_descr=told[mib.HR_DEVICE_DESCR],
        printer_name=told[mib.PRT_GENERAL_PRINTER_NAME],
        device_id=_first_id(map(text, view.instances(mib.PPM_PRINTER_IEEE_1284_DEVICE_ID).values())),
        private_id=_first_id(text(view.get(oid)) for oid in _private_id_objects(definitions.definitions)),
        described_id=described_id,
        described_in=source_of(described_in, view) if described_in else "",
        vendor_name=next(filter(None, (meant(view.localized(each)) for each in view.rows(mib.PRT_INPUT_VENDOR_NAME).values())), ""),
        answering=frozenset(oid[6] for oid in view.below(_ENTERPRISES) if len(oid) > 7 and oid[:-1] not in SHARED),
    )


def telling_objects(definitions: Iterable[Definition]) -> tuple[Oid, ...]:
    """Return where vendors keep the IEEE 1284 device ID and the serial number, else the model or the firmware.

    What answers there tells whose device it is.
    """
    known = list(definitions)
    names: list[Oid] = []
    for each in known:
        for target in ("device.serial", "device.model", "device.firmware"):
            found = [spec.oid[0] for spec in each.content.objects if spec.gives == target]
            names += found
            if found:
                break
    return tuple(dict.fromkeys((*_private_id_objects(known), *names)))


def _private_id_objects(definitions: Iterable[Definition]) -> tuple[Oid, ...]:
    """Return where vendors keep the IEEE 1284 device ID."""
    specs = (spec for each in definitions for spec in each.content.objects if spec.gives == _DEVICE_ID)
    return tuple(dict.fromkeys(oid for spec in specs for oid in spec.oid))


def _first_id(found: Iterable[str | None]) -> Mapping[str, str]:
    return next((parsed for each in found if each and (parsed := parse_device_id(each))), {})


@dataclass(frozen=True, slots=True)
class DescriptionFacts:
    """What the free texts of a device tell by the formats of its definitions; the source of each by name."""

    values: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    names_model: bool = False
    """Whether sysDescr has a known format: it then names no other model than the one found."""
    owners_model: tuple[str, str] = ("", "")
    """A model that the owner of the device may have written, and its source."""


_COLUMNS = {"sysDescr": mib.SYS_DESCR, "hrDeviceDescr": mib.HR_DEVICE_DESCR}


def source_of(column: MibObject, view: View) -> str:
    """Return the source of a text: of sysDescr its one instance, else that of the printer."""
    return column.source((0,) if column is mib.SYS_DESCR else view.instance(column)[len(column.oid) :])


def described_by(texts: Texts, applying: Iterable[Definition], view: View) -> DescriptionFacts:
    """Return what the texts tell; the first format that has a value for a name decides."""
    values: dict[str, str] = {}
    sources: dict[str, str] = {}
    known = False
    owners_model = ("", "")
    for definition, rule in ((each, rule) for each in applying for rule in each.content.texts):
        free_text = texts.sys_descr if rule.of == "sysDescr" else texts.device_descr
        found = rule.pattern.match(free_text)
        if found is None or (definition.origin != "product" and holds_secrets(free_text, text(view.system(mib.SYS_NAME)))):
            continue
        known = known or rule.of == "sysDescr"
        for name, value in found.groupdict().items():
            if not value or not value.strip():
                continue
            if name == "model" and rule.owners:
                owners_model = (value.strip(), source_of(_COLUMNS[rule.of], view))
            elif name not in values:
                values[name] = value.strip()
                sources[name] = source_of(_COLUMNS[rule.of], view)
    return DescriptionFacts(values, sources, known, owners_model)


def model_in(description: str, serial: str | None, makers: Makers) -> str | None:
    """Return the model in a description such as hrDeviceDescr, without maker, serial number and what follows, or None."""
    name = makers.without(_AFTER_MODEL.sub("", description.strip()))
    words = name.split()
    for position, word in enumerate(words):
        if serial and position and len(word) >= 6 and serial.upper().startswith(word.upper()):
            words = words[:position]
            break
    if len(words) > 1 and words[-1].lower() == "series" and _IS_ONE_MODEL.fullmatch(words[-2]):
        words.pop()
    model = " ".join(words)
    if not model or _NO_MODEL.match(model) or makers.leading(model) == model:
        return None
    return model


def model_after_maker(description: str, serial: str | None, makers: Makers) -> str | None:
    """Return the model a text names after a known maker, if what follows looks like a model (it has a digit)."""
    if makers.leading(description) is None:
        return None
    model = model_in(description, serial, makers)
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
    return {key: value for key, value in fields.items() if value and not is_no_value(value)}


def device_id_in(free_text: str) -> Mapping[str, str]:
    """Return the fields of an IEEE 1284 device ID that stands in place of a description; none of any other text.

    A text that was cut off ends within a field, which is left out.
    """
    whole, _, rest = free_text.rpartition(";")
    was_cut = len(free_text) >= _CUT_OFF and rest.strip()
    fields = parse_device_id(whole if was_cut else free_text)
    return fields if "MDL" in fields and _ID_FIELDS & fields.keys() else {}


def _words_of(device_id: Mapping[str, str]) -> str:
    """Return a device ID as a description: its own, else maker and model."""
    maker, model = device_id.get("MFG", ""), device_id["MDL"]
    named = model if model.lower().startswith(maker.lower()) else f"{maker} {model}"
    return device_id.get("DES") or named


_CUT_OFF = 127
"""Free texts of this length may have been cut off: agents keep them in buffers of 128 or 256 octets."""
_ID_FIELDS = frozenset({"MFG", "CMD", "CLS", "DES", "CID"})
_SHORT_KEYS = {
    "MANUFACTURER": "MFG",
    "MANUFACTURE": "MFG",
    "MODEL": "MDL",
    "COMMAND SET": "CMD",
    "CLASS": "CLS",
    "DESCRIPTION": "DES",
    "SERIALNUMBER": "SN",
}
