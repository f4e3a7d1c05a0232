"""Who made a device, by its own words and numbers, for this benchmark."""

import re
from collections.abc import Iterator

from benchmarks.accuracy.facts import Fact, at
from benchmarks.accuracy.recorded import Recorded, plain
from benchmarks.accuracy.standard import device_ids, texts

NAMES = {
    "hp": r"hp\b|hewlett[- ]packard",
    "lexmark": "lexmark",
    "xerox": "xerox",
    "fuji xerox": "fuji ?xerox",
    "fujifilm": "fujifilm",
    "ricoh": "ricoh",
    "nrg": r"nrg\b",
    "lanier": "lanier",
    "savin": "savin",
    "gestetner": "gestetner",
    "canon": r"canon\b",
    "konica minolta": "konica[- ]?minolta|minolta",
    "develop": r"develop\b",
    "olivetti": "olivetti",
    "kyocera": "kyocera",
    "utax": "utax",
    "triumph-adler": "(?:ta )?triumph-?adler",
    "brother": "brother",
    "epson": "(?:seiko )?epson",
    "oki": r"oki(?:data)?\b",
    "samsung": "samsung",
    "sharp": r"sharp\b",
    "toshiba": "toshiba",
    "dell": r"dell\b",
    "pantum": "pantum",
    "panasonic": "panasonic",
    "zebra": "zebra",
}
ENTERPRISES = {
    11: "hp",
    641: "lexmark",
    253: "xerox",
    128: "xerox",
    297: "fujifilm",
    367: "ricoh",
    1602: "canon",
    18334: "konica minolta",
} | {
    1347: "kyocera",
    2435: "brother",
    1248: "epson",
    2001: "oki",
    236: "samsung",
    2385: "sharp",
    1129: "toshiba",
    674: "dell",
    40093: "pantum",
    258: "panasonic",
    10642: "zebra",
    683: "zebra",
}


def named(text: str) -> str | None:
    """Return the maker a text begins with."""
    return next((name for name, pattern in NAMES.items() if re.match(pattern, text)), None)


def facts(recorded: Recorded) -> Iterator[Fact]:
    """Yield the maker: by 1284 MFG or the texts, else by the enterprise number."""
    ids = [plain(each["MFG"]) for each in device_ids(recorded) if each.get("MFG")]
    said = {name for text in [*ids, *texts(recorded)] if (name := named(text))}
    number = re.match(r"1\.3\.6\.1\.4\.1\.(\d+)\.?", str(recorded.objects.get("1.3.6.1.2.1.1.2.0", "")))
    enterprise = ENTERPRISES.get(int(number[1])) if number else None
    wanted = said or ({enterprise} if enterprise else set())
    if wanted:
        yield Fact(
            16, "manufacturer", "/".join(sorted(wanted)), at("device.manufacturer"), lambda found: plain(str(found)) in wanted
        )
