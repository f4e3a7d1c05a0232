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
_TRI_COLOR = re.compile(r"\btri-?colou?r\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")


def color_named(text: str | None) -> str | None:
    """Return the colour a text names, such as `cyan`, `light magenta` or `tri-color`; None for none, or for more than one."""
    if not text:
        return None
    if _TRI_COLOR.search(text):
        return "tri-color"
    found: list[str] = []
    shade = ""
    for word in _WORD.findall(text.lower()):
        if word in _BY_WORD:
            found.append(f"{shade} {_BY_WORD[word]}".strip())
        shade = word if word in _SHADES else ""
    found.extend(color for characters, color in _CHARACTERS.items() if characters in text)
    different = list(dict.fromkeys(found))
    if {"cyan", "magenta", "yellow"} == set(different):
        return "tri-color"
    return different[0] if len(different) == 1 else None
