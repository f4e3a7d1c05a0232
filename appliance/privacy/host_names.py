"""Finding host names in texts: those that are known, and any other by its form or by the word in front of it. Pure.

A single word is a host name only where something says so: an address of the web, a share, a word such as "Host name:", or the way
makers name their devices (`NPI1A2B3C`). Names with dots are known by their ending.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from appliance.privacy.addresses import Spare
from appliance.privacy.forms import Form, Forms, found_in
from appliance.privacy.look_alikes import Replacement, replace_found, searched
from appliance.privacy.name_endings import COUNTRIES, ENDINGS, FILES
from appliance.privacy.vocabulary import ORDINARY

_RUN = re.compile(r"[^\W_]+")
_WITH_DOTS = re.compile(
    r"(?<![\w-])(?<![\w-]\.)(?P<name>(?:[\w-]{1,63}\.)+(?P<ending>[^\W\d_]{2,24}|xn--[a-z0-9-]{1,59}))(?![\w-])(?!\.[a-z]+\d)",
    re.IGNORECASE,
)
_SURE = (
    r"host\s?name|hostnamen?|hostnaam|dns(?:[\s-]?name)?|netbios(?:[\s-]?name)?|fqdn|sys\s?name|rechnername|computer\s?name|node\s?name"
    r"|nom d['\u2019]h[ôo]te|nom de l['\u2019]h[ôo]te|nombre de(?:l)? (?:host|equipo)|nome (?:do )?host|nazwa hosta|värdnamn"
    r"|имя хоста|bonjour(?:[\s-]?service)?(?:[\s-]?name)?"
)
_SURE_IN_CJK = "ホスト名|コンピュータ?ー?名|主机名|主機名|计算机名|호스트\\s?이름|호스트명"
_SERVERS = r"(?:dns|wins|dhcp|ldap|smtp|ntp|proxy|print|mail|ftp|smb|file|domain)[\s-]?server"
_BETWEEN = r"\s{0,3}(?:[:=]|[-=]>)\s{0,3}[\"'\[(<]?"
_LIKE_A_NAME = r"(?=[\w.-]{0,60}[^\W\d_])(?=[\w.-]{0,60}[\d-])"
"""Of a word after which no colon stands: letters, and a digit or a hyphen."""
_OTHERS = (
    r"host|server(?:[\s-]?name)?|domain(?:[\s-]?name)?|workgroup|(?:printer|device|print\s?server|queue)\s?name|drucker\s?name"
    r"|gerätename|nom de l['\u2019]imprimante"
)
_NAMED = re.compile(
    rf"(?:(?<![^\W\d_])(?:(?P<sure>{_SURE})|{_OTHERS})|(?P<in_cjk>{_SURE_IN_CJK})){_BETWEEN}(?P<name>[^\W_][\w.-]{{0,250}})",
    re.IGNORECASE,
)
_NAMED_WITHOUT_COLON = re.compile(
    rf"(?:(?<![^\W\d_])(?:{_SURE}|{_SERVERS})|{_SURE_IN_CJK})\s{{1,3}}(?:(?:is|ist|lautet|est|es|è|-)\s{{1,3}})?[\"'\[(<]?"
    rf"(?P<name>{_LIKE_A_NAME}[^\W_][\w.-]{{0,250}})",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(
    r"(?:://(?:[^\s/@:]{1,100}@)?|(?<!\\)\\\\)(?P<name>[^\W_][\w.-]{0,250})|(?<![\w:/])//(?P<share>[^\W_][\w.-]{0,250})(?=/)"
)
_OF_MAKERS = re.compile(
    r"(?<![^\W_])(?P<name>(?:NPI|KM|KMBT|EPSON|Canon|LXK|FX-?)[0-9A-F]{6}|(?:BR[NW]|ET|XRX|RNP|SEC|HP|LXK|KM)[-_]?[0-9A-F]{12})(?![^\W_])",
    re.IGNORECASE,
)
_FORMS = (
    Form(_WITH_DOTS, (".",)),
    Form(_IN_ADDRESS, ("//", "\\\\")),
    Form(_NAMED, (":", "=", "->")),
    Form(
        _NAMED_WITHOUT_COLON, ("host", "name", "nom", "dns", "server", "netbios", "fqdn", "bonjour", "имя", "hosta", "名", "호스트")
    ),
    Form(_OF_MAKERS, ("npi", "km", "epson", "canon", "lxk", "fx", "brn", "brw", "et", "xrx", "rnp", "sec", "hp")),
)
_VERSION_PART = re.compile(r"[a-z]{0,3}\d+[a-z]?\d*", re.IGNORECASE)
_MASKED = re.compile(r"(?:ip|host|mac)-[0-9a-f]{16}|[\d.]+\.x|masked", re.IGNORECASE)
"""What stands for an address or a name already."""

_OURS = frozenset(("appliance", "updater", "webui", "hosting", "tornado"))
"""Modules of this product, which logs name."""


class NameIndex:
    """Names, each found wherever it stands by itself, whatever it is made of."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._by_word: dict[str, tuple[str, ...]] = {}
        for name in names:
            self.add(name)

    def __bool__(self) -> bool:
        return bool(self._by_word)

    def add(self, name: str) -> None:
        """Look for this name as well."""
        plain = searched(name.strip()).text.lower()
        word = _RUN.search(plain)
        if word is None:
            return
        names = self._by_word.get(word[0], ())
        if plain not in names:
            self._by_word[word[0]] = tuple(sorted((*names, plain), key=len, reverse=True))

    def spans(self, lowered: str) -> Iterator[tuple[int, int, str]]:
        """Yield where names stand in a text, as it is searched and in small letters, in order and apart from each other."""
        last = 0
        for word in _RUN.finditer(lowered):
            for name in self._by_word.get(word[0], ()):
                begin = word.start() - name.index(word[0])
                end = begin + len(name)
                if (
                    begin >= last
                    and lowered.startswith(name, begin)
                    and not (name[-1].isalnum() and lowered[end : end + 1].isalnum())
                ):
                    yield begin, end, name
                    last = end
                    break


def first_label(name: str) -> str | None:
    """Return what a name with dots is called for short, None where that is too little to look for."""
    label, dot, _ = name.strip().partition(".")
    return label if dot and len(label) > 1 and not label.isdigit() else None


def host_name_forms(seen: str) -> Forms:
    """Return the forms of host names that a text, as it is searched, may hold."""
    return found_in(_FORMS, seen)


def without_host_names(text: str, form: Callable[[str], str], spare: Spare, forms: Forms) -> str:
    """Return `text` with `form(name)` in place of each host name that its form or the words around it give away."""

    def instead(found: re.Match[str]) -> Replacement | None:
        group = next(group for group in ("name", "share") if found.groupdict().get(group))
        name = found[group].rstrip(".-")
        if spare(found) or _MASKED.match(name):
            return None
        return Replacement(found.start(group), found.start(group) + len(name), form(name))

    def named(found: re.Match[str]) -> Replacement | None:
        is_sure = found["sure"] or found["in_cjk"]
        return None if not is_sure and found["name"].lower() in ORDINARY else instead(found)

    def without_colon(found: re.Match[str]) -> Replacement | None:
        words = re.split(r"[\W_]+", found["name"].lower())
        return None if all(word in ORDINARY or word.isdigit() for word in words if word) else instead(found)

    def with_dots(found: re.Match[str]) -> Replacement | None:
        return instead(found) if _is_host_name(found["name"], found["ending"]) else None

    changes = {_WITH_DOTS: with_dots, _IN_ADDRESS: instead, _NAMED: named, _NAMED_WITHOUT_COLON: without_colon, _OF_MAKERS: instead}
    for pattern in forms:
        text = replace_found(text, pattern, changes[pattern])
    return text


def _is_host_name(name: str, ending: str) -> bool:
    """Return whether a word with dots in it is one, and no version, file, or end of a sentence."""
    labels = name.split(".")[:-1]
    known = ending.lower()
    if all(_VERSION_PART.fullmatch(label) for label in labels) and known not in ENDINGS:
        return False
    if len(labels) > 1:
        return any(len(label) > 1 for label in labels) and (labels[0] not in _OURS or known in ENDINGS | COUNTRIES - FILES)
    if known in ENDINGS:
        return True
    begins_sentence = ending[0].isupper() and not ending.isupper()
    return known in COUNTRIES - FILES and len(labels[0]) > 1 and not begins_sentence
