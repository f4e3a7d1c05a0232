"""Who made a device: the names makers go by, and their IANA private enterprise numbers."""

import re

_NAMES = {
    "Avision": ("avision",),
    "Bixolon": ("bixolon",),
    "Brother": ("brother",),
    "Canon": ("canon",),
    "Citizen": ("citizen",),
    "Dell": ("dell",),
    "Develop": ("develop",),
    "Epson": ("seiko epson", "epson"),
    "FUJIFILM": ("fujifilm",),
    "Fuji Xerox": ("fuji xerox", "fujixerox"),
    "Gestetner": ("gestetner",),
    "GoDEX": ("godex",),
    "Honeywell": ("honeywell",),
    "HP": ("hewlett-packard", "hewlett packard", "hp"),
    "Intermec": ("intermec",),
    "Konica Minolta": ("konica minolta", "konicaminolta", "konica-minolta", "minolta"),
    "Kyocera": ("kyocera document solutions", "kyocera mita", "kyocera"),
    "Lanier": ("lanier",),
    "Lexmark": ("lexmark international", "lexmark"),
    "Muratec": ("muratec",),
    "NRG": ("nrg",),
    "Océ": ("océ", "oce"),
    "OKI": ("oki data corp", "oki data", "okidata", "oki"),
    "Olivetti": ("olivetti",),
    "Panasonic": ("panasonic",),
    "Pantum": ("pantum",),
    "Printronix": ("printronix",),
    "Ricoh": ("ricoh",),
    "Samsung": ("samsung electronics", "samsung"),
    "SATO": ("sato",),
    "Savin": ("savin",),
    "Sharp": ("sharp",),
    "Sindoh": ("sindoh",),
    "Toshiba": ("toshiba tec", "toshiba"),
    "Triumph-Adler": ("ta triumph-adler", "triumph-adler"),
    "TSC": ("tsc",),
    "UTAX": ("utax",),
    "Xerox": ("xerox",),
    "Zebra": ("zebra technologies", "zebranet", "zebra"),
}
_ENTERPRISES = {
    11: "HP",
    236: "Samsung",
    253: "Xerox",
    258: "Panasonic",
    297: "FUJIFILM",
    367: "Ricoh",
    641: "Lexmark",
    674: "Dell",
    1129: "Toshiba",
    1248: "Epson",
    1347: "Kyocera",
    1552: "Océ",
    1602: "Canon",
    2001: "OKI",
    2385: "Sharp",
    2435: "Brother",
    10642: "Zebra",
    18334: "Konica Minolta",
    26696: "HP",
    29999: "HP",
    40093: "Pantum",
}
_BY_NAME = {alias: maker for maker, aliases in _NAMES.items() for alias in aliases}
_ALIASES = "|".join(re.escape(alias) for alias in sorted(_BY_NAME, key=len, reverse=True))
_LEADING = re.compile(rf"(?:{_ALIASES})(?![\w-])", re.IGNORECASE)
_LEGAL_FORM = re.compile(r"[\s,.]+(?:co|corp|corporation|inc|ltd|company|gmbh|k\.?k)\b.*$", re.IGNORECASE)


def leading_maker(name: str) -> str | None:
    """Return the maker a text begins with, as it is commonly written ("HP" for "Hewlett-Packard LaserJet"), or None."""
    found = _LEADING.match(name)
    return _BY_NAME[found[0].lower()] if found else None


def without_maker(name: str) -> str:
    """Return `name` without the maker it begins with, also where it is written twice."""
    while (found := _LEADING.match(name)) and name[found.end() :].strip():
        name = name[found.end() :].strip()
    return name


def normalised(maker: str) -> str:
    """Return a maker's name, as found in IEEE 1284 MFG, as it is commonly written."""
    return leading_maker(maker) or _LEGAL_FORM.sub("", maker).strip() or maker


def of_enterprise(number: int) -> str | None:
    """Return the maker that an IANA private enterprise number belongs to, or None."""
    return _ENTERPRISES.get(number)


def empty_level(enterprise: int | None) -> int | None:
    """Return the supply level, outside RFC 3805, by which the devices of a maker say "empty"; None where there is none.

    Ricoh and the brands that sell its devices (NRG, Lanier, Savin, Gestetner) answer -100 for an empty toner.
    """
    return _EMPTY_LEVELS.get(enterprise) if enterprise is not None else None


_EMPTY_LEVELS = {367: -100}
