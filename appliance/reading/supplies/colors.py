"""Colours of supplies: one English name each, in the words the world's printers use."""

import re

_WORDS = {
    "black": "black noir schwarz negro nero preto zwart svart sort musta czarny černá чёрный черный siyah fekete",
    "cyan": "cyan cian ciano cyaan zyan syaani голубой",
    "magenta": "magenta пурпурный",
    "yellow": "yellow jaune gelb amarillo giallo amarelo geel gul keltainen żółty žlutá желтый жёлтый sárga",
    "white": "white blanc weiß",
    "clear": "clear transparent",
    "red": "red rouge rot",
    "green": "green vert grün",
    "blue": "blue bleu blau",
    "orange": "orange",
    "violet": "violet",
    "gray": "gray grey gris grau grigio",
}
_BY_WORD = {word: color for color, words in _WORDS.items() for word in words.split()}
_CHARACTERS = {
    "黑": "black",
    "黒": "black",
    "ブラック": "black",
    "검정": "black",
    "青": "cyan",
    "シアン": "cyan",
    "시안": "cyan",
    "洋紅": "magenta",
    "洋红": "magenta",
    "品红": "magenta",
    "品紅": "magenta",
    "マゼンタ": "magenta",
    "마젠타": "magenta",
    "黃": "yellow",
    "黄": "yellow",
    "イエロー": "yellow",
    "노랑": "yellow",
}
"""For languages written without blanks between words."""
_SHADES = frozenset({"light", "photo", "matte", "vivid", "dark"})
_CODES = {
    "C": "cyan",
    "M": "magenta",
    "Y": "yellow",
    "K": "black",
    "BK": "black",
    "Bk": "black",
    "PGBK": "black",
    "CMY": "tri-color",
    "PBK": "photo black",
    "MBK": "matte black",
    "PGY": "photo gray",
    "LGY": "light gray",
}
"""Letters for a colour, wherever they stand alone."""
_SHORT_CODES = {
    "PC": "photo cyan",
    "PM": "photo magenta",
    "LC": "light cyan",
    "LM": "light magenta",
    "PK": "photo black",
    "MK": "matte black",
    "GY": "gray",
}
"""Letters that also stand for other things (a PC unit, a PM kit): a colour only by themselves or in brackets."""
_TRI_COLOR = re.compile(r"\btri-?colou?r\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"(?<![^\W_])(?:PG|P|M)?(?:BK|Bk)(?![^\W_]|-\w)|(?<![^\W_])(?:CMY|[PL]GY|[CMYK])(?![^\W_]|-\w)")
"""A code that no letter or digit touches; one before a hyphen belongs to a name, such as C-EXV 34."""
_ALONE = re.compile(rf"(?:\A|\()\s*({'|'.join(_SHORT_CODES)})\s*(?:\Z|\))")


def color_named(text: str | None) -> str | None:
    """Return the colour a text names, such as `cyan`, `light magenta` or `tri-color`; None for none, or for more than one.

    Where no word tells it, a code such as that of `Toner (C)` or `PGBK` does.
    """
    if not text:
        return None
    words = _colors_in_words(text)
    return _one_of(
        words or [_CODES[code.upper()] for code in _CODE.findall(text)] or [_SHORT_CODES[code] for code in _ALONE.findall(text)]
    )


def color_in_words(text: str | None) -> str | None:
    """Return the colour a text names in full, or None: for a text of codes the printer may have a colorant that is surer."""
    return _one_of(_colors_in_words(text)) if text else None


def _colors_in_words(text: str) -> list[str]:
    if _TRI_COLOR.search(text):
        return ["tri-color"]
    found: list[str] = []
    shade = ""
    for word in _WORD.findall(text.lower()):
        if word in _BY_WORD:
            found.append(f"{shade} {_BY_WORD[word]}".strip())
        shade = word if word in _SHADES else ""
    return [*found, *(color for characters, color in _CHARACTERS.items() if characters in text)]


def _one_of(colors: list[str]) -> str | None:
    different = set(colors)
    if different == {"cyan", "magenta", "yellow"}:
        return "tri-color"
    return different.pop() if len(different) == 1 else None
