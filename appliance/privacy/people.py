"""Taking names of documents and of people out of what panels and alerts say, before anything is kept.

A data collection agent never reads print jobs or anything about users; a panel may still show "Printing: Notice.docx" or "Job from
m.keller". The rules take out what stands where such a name stands, unless every word of it is an ordinary word of panels: rather a
status too little than a name too much.
"""

import re
from collections.abc import Callable

from appliance.privacy.vocabulary import ORDINARY, PLACES, STATES
from appliance.report import Alert, Reading, Status

REMOVED = "(removed)"
SCRUBBED = "names of documents or people removed at the site"

_LONGEST = 1024
_MOST_PASSES = 8
_FAX_NUMBER = 5
"""Digits from which on a number after "from" or "to" is that of a fax, not of a tray."""
_NUMBERS = re.compile(r"[\d\s()+./-]*")
_WORD = re.compile(r"[^\W_]+")
_LOCATION = re.compile(
    r"\\\\\S+|(?<!\w)(?:smb|ftp|ftps|sftp|file|afp|nfs|mailto):/{0,3}\S+|(?<!\w)[A-Za-z]:\\[^\"|;]+", re.IGNORECASE
)
_HOME = re.compile(r"(?<!\w)/(?:home|users|mnt|media|volumes)/[^\s\"|;]+", re.IGNORECASE)
_ACCOUNT = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)*|(?<![\w\\])(?=[\w.-]*[^\W\d_])[\w.-]{2,}\\[\w.$-]+")
_FILE = re.compile(
    r"[^:|;,\"“”«»„<>()\[\]]*?[^\s:|;,\"“”«»„<>()\[\]]\.(?:docx?|docm|dotx?|xlsx?|xlsm|pptx?|pdf|txt|rtf|odt|ods|odp|odg|csv|jpe?g|png|tiff?"
    r"|gif|bmp|heic|svg|html?|eml|msg|dwg|dxf|vsdx?|pub|zip|xml|xps|ps|eps|pcl|prn|indd|psd)(?!\w)",
    re.IGNORECASE,
)
_PROGRAM = re.compile(
    r"(?<!\w)(?:Microsoft (?:Office )?(?:Word|Excel|PowerPoint|Outlook|Visio|Access|Publisher|OneNote|Edge)|LibreOffice \w+"
    r"|Adobe \w+|Acrobat|Notepad|Editor|Google Docs|Outlook|Word|Excel|PowerPoint)\s+[-\u2013\u2014]\s+.*",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|「[^」]*」|(?<!\w)'[^']*'(?!\w)|(?<!\w)\u2018[^\u2019]*\u2019(?!\w)")
_COLON = r"\s*[:=\uff1a]\s*"

_PERSON = (
    r"user(?:\s?name|\s?id)?|(?:job\s|document\s|print\s)?owner|login(?:\s?name)?|account(?:\s?name)?|sender|recipient|addressee"
    r"|request(?:er|or|ed by)|author|employee|badge|pin|operator name|benutzer(?:name)?|besitzer|eigentümer|anwender|absender"
    r"|empfänger|utilisateur|propriétaire|expéditeur|destinataire|usuario|propietario|remitente|destinatario|utente|proprietario"
    r"|mittente|gebruiker(?:snaam)?|eigenaar|afzender|ontvanger|usuário|proprietário|remetente|destinatário|användare|bruger"
    r"|użytkownik|uživatel|пользователь|ユーザー?名?|用户名?|使用者|사용자"
)
_PERSON_LABEL = re.compile(rf"(?<!\w)(?P<label>(?:{_PERSON}){_COLON})(?P<rest>\S.*)", re.IGNORECASE)
_PERSON_WORD = re.compile(
    r"(?<!\w)(?P<label>(?:user(?:name)?|owner|benutzer|anwender|utilisateur|usuario|utente|gebruiker|usuário)\s+)(?P<rest>\S.*)",
    re.IGNORECASE,
)
_LOGGED_IN = re.compile(
    r"(?<!\w)(?P<label>(?:(?:logged|signed) (?:in|on)(?: as)?|log(?:in|on) as|angemeldet(?: als)?|connecté(?: en tant que)?"
    r"|sesión iniciada(?: como)?|accesso effettuato(?: come)?|aangemeld(?: als)?)(?:\s*:)?\s+)(?P<rest>\S.*)",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?<!\w)(?P<label>(?:welcome|hello|hi|goodbye|willkommen|hallo|bienvenue|bonjour|bienvenid[oa]|hola|benvenut[oa]|ciao|welkom"
    r"|bem-vind[oa]|olá)(?:\s+(?:back|to|zurück|bei))*[\s,!:]+)(?P<rest>\S.*)",
    re.IGNORECASE,
)
_NAME_LABEL = re.compile(
    rf"(?P<before>(?:^|[^\W_]+\s+|[,;|(/-]\s*))(?P<label>(?:name|from|to|von|an|de|para|da|van|nom|nombre|nome){_COLON})(?P<rest>\S.*)",
    re.IGNORECASE,
)
_NAMED_THINGS = frozenset(
    ("host", "printer", "model", "product", "device", "machine", "server", "paper", "media", "domain", "network", "queue", "ssid")
) | {"service", "system", "node", "supply"}
_JOBS = (
    r"(?:(?:print|held|hold|secure|private|confidential|current|next|active|stored|saved|scan|fax|copy|proof)\s)?(?:jobs?|documents?|doc)"
    r"|file|subject|druckauftrag|auftrag|aufträge|dokument|datei|betreff|travail|travaux|tâche|fichier|trabajo|trabalho|documento"
    r"|archivo|ficheiro|arquivo|lavoro|opdracht|afdruktaak|taak|bestand|oggetto|asunto|objet|ジョブ|文書名?|文件名?|作业|作業|문서|작업"
)
_DOING = (
    r"printing|copying|scanning|faxing|sending|receiving|processing|spooling|storing|saving|deleting|cancell?ing|releasing"
    r"|transmitting|forwarding|rendering|imprimiendo|escaneando|enviando|recibiendo|procesando|imprimindo|digitalizando|druckt"
    r"|printing job"
)
_DOING_LABEL = (
    r"print|drucken|druckvorgang|impression|stampa(?: in corso)?|afdrukken|impresión|impressão|copy|scan|印刷中|打印中|正在打印"
    r"|인쇄 ?중"
)
_JOB_LABEL = re.compile(
    rf"(?<!\w)(?P<label>(?:{_JOBS}|{_DOING}|{_DOING_LABEL})(?:[\s-]?(?:name|id|title|titel|nom|no\.?|number))?{_COLON})(?P<rest>\S.*)",
    re.IGNORECASE,
)
_DOING_WORD = re.compile(rf"(?<!\w)(?P<label>(?:{_DOING})\s+)(?P<rest>[^\W\s].*)", re.IGNORECASE)
_JOB_WORD = re.compile(
    r"(?<!\w)(?P<label>(?:(?:print|held|secure|private|confidential|stored|saved)\s)?(?:job|druckauftrag|auftrag|travail|trabajo|trabalho|lavoro"
    r"|opdracht)\s+)(?P<rest>[^\W\s].*)",
    re.IGNORECASE,
)
_BY = r"from|by|for|of|von|für|de|du|par|pour|por|para|da|di|per|van|voor|door"
_JOB_BY = re.compile(
    rf"(?<!\w)(?P<label>(?:jobs?|druckauftrag|auftrag|travail|trabajo|trabalho|lavoro|opdracht|file|fax|e-?mail|message)\b[^:|;]{{0,60}}?"
    rf"(?<!\w)(?:{_BY})\s+)(?P<rest>\S.*)",
    re.IGNORECASE,
)
_DONE_BY = re.compile(
    r"(?<!\w)(?P<label>(?:print(?:ed|s|ing)?|sent|sending|submitted|owned|requested|created|scan(?:ned|ning)?|cop(?:y|ied|ying)"
    r"|fax(?:ed|ing)?|received|receiving|released|deleted|cancell?ed|held|locked|reserved|in use|used)\s+(?:from|by|for|to)\s+)"
    r"(?P<rest>\S.*)",
    re.IGNORECASE,
)
_IS_DOING = re.compile(
    r"^(?P<who>.*?\S)(?P<tail>\s+(?:is|has|ist|hat)\s+(?:now\s+)?(?:printing|copying|scanning|using|logged|printed|sent|angemeldet|gedruckt)\b.*)$",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"[\w.-]+['\u2019]s (?=(?:job|document|print|file|fax|scan|mailbox|folder)s?\b)", re.IGNORECASE)

Rule = Callable[[str], str]


def scrub_text(text: str) -> str:
    """Return a line of a panel, or the description of an alert, with `(removed)` in place of names of documents and people."""
    for _ in range(_MOST_PASSES):
        before = text
        # What one rule takes out may show another one what stood beside it: until there is nothing left to take out.
        text = _apply_rules(text)[:_LONGEST]
        if text == before:
            return text
    return REMOVED


def _apply_rules(text: str) -> str:
    characters = set(text)
    for needed, rule in _RULES:
        if needed is None or not needed.isdisjoint(characters):
            text = rule(text)
    return text


def scrub(reading: Reading) -> Reading:
    """Return the reading without names of documents and people in panel and alerts; `reasons` says where some were."""
    console = tuple(scrub_text(line) for line in reading.status.console)
    alerts = tuple(_scrubbed(alert) for alert in reading.alerts)
    found = {
        **({"status.console": SCRUBBED} if console != reading.status.console else {}),
        **({"alerts.description": SCRUBBED} if alerts != reading.alerts else {}),
    }
    if not found:
        return reading
    status: Status = reading.status.model_copy(update={"console": console})
    return reading.model_copy(update={"status": status, "alerts": alerts, "reasons": reading.reasons | found})


def _scrubbed(alert: Alert) -> Alert:
    if alert.description is None or (description := scrub_text(alert.description)) == alert.description:
        return alert
    return alert.model_copy(update={"description": description})


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text.replace(REMOVED, ""))]


def _is_ordinary(text: str) -> bool:
    """Return whether every word of `text` is an ordinary one, a number or a single letter."""
    return all(len(word) == 1 or word.isdigit() or word in ORDINARY for word in _words(text))


def _cut(pattern: re.Pattern[str], keep: Callable[[str], bool]) -> Rule:
    """Return the rule that removes the `rest` of `pattern` unless `keep` says that it names nobody and nothing."""

    def replaced(found: re.Match[str]) -> str:
        return found[0] if keep(found["rest"]) else found["label"] + REMOVED

    return lambda text: pattern.sub(replaced, text)


def _cut_name(pattern: re.Pattern[str], *, strict: bool = False) -> Rule:
    """Return the rule that removes from the `rest` of `pattern` the name it begins with, and keeps what follows.

    `strict`: only a place such as a tray is no name; a long number, such as that of a fax, is one.
    """

    def replaced(found: re.Match[str]) -> str:
        rest: str = found["rest"]
        return found["label"] + rest if not _begins_with_name(rest, strict=strict) else found["label"] + _without_name(rest)

    return lambda text: pattern.sub(replaced, text)


def _begins_with_name(text: str, *, strict: bool) -> bool:
    first = text.split(maxsplit=1)[0]
    words = _words(first)
    if text.startswith(REMOVED) or not words:
        return False
    if first.strip("()+-/.").isdigit():
        return strict and sum(character.isdigit() for character in _NUMBERS.match(text)[0]) >= _FAX_NUMBER  # type: ignore[index]
    if strict:
        return words[0] not in PLACES and words[0] not in STATES and not _is_ordinary(text)
    return not _is_ordinary(first)


def _without_name(text: str) -> str:
    """Return `text` from the first word on at which a name has ended."""
    position = 0
    for found in _WORD.finditer(text):
        if position and found[0].lower() in STATES and text[found.start() - 1].isspace():
            return f"{REMOVED} {text[found.start() :]}"
        position = found.end()
    return REMOVED


def _without_quotes(text: str) -> str:
    return _QUOTED.sub(lambda found: found[0] if _is_ordinary(found[0]) else REMOVED, text)


def _without_named(text: str) -> str:
    """Remove what follows `Name:`, `From:` and `To:`, unless it is the name of a thing or a place."""

    def replaced(found: re.Match[str]) -> str:
        before, rest = found["before"], found["rest"]
        words = _words(before)
        if (words and words[-1] in _NAMED_THINGS) or (words and words[-1] not in ORDINARY) or rest.startswith(REMOVED):
            return found[0]
        places = all(word in PLACES or word.isdigit() for word in _words(rest))
        return found[0] if places else f"{before}{found['label']}{REMOVED}"

    return _NAME_LABEL.sub(replaced, text)


def _without_actor(text: str) -> str:
    """Remove who does something: `m.keller is printing`."""

    def replaced(found: re.Match[str]) -> str:
        return found[0] if _is_ordinary(found["who"]) else REMOVED + found["tail"]

    return _IS_DOING.sub(replaced, text)


def _begins_with_state(rest: str) -> bool:
    first = next(iter(_words(rest)), "")
    return first in STATES


def _nothing(rest: str) -> bool:
    return not _words(rest)


_LABELLED = frozenset(":=\uff1a")
_RULES: tuple[tuple[frozenset[str] | None, Rule], ...] = (
    (frozenset("\\:"), lambda text: _LOCATION.sub(REMOVED, text)),
    (frozenset("/"), lambda text: _HOME.sub(REMOVED, text)),
    (frozenset("@\\"), lambda text: _ACCOUNT.sub(REMOVED, text)),
    (frozenset("-\u2013\u2014"), lambda text: _PROGRAM.sub(REMOVED, text)),
    (frozenset("\"'“„«「\u2018"), _without_quotes),
    (_LABELLED, _cut(_PERSON_LABEL, _nothing)),
    (_LABELLED, _cut(_JOB_LABEL, _is_ordinary)),
    (None, _cut(_DOING_WORD, lambda rest: _begins_with_state(rest) or _is_ordinary(rest))),
    (None, _cut_name(_JOB_WORD)),
    (frozenset("."), lambda text: _FILE.sub(REMOVED, text)),
    (None, _cut_name(_DONE_BY, strict=True)),
    (None, _cut_name(_JOB_BY, strict=True)),
    (None, _cut_name(_PERSON_WORD)),
    (None, _cut(_LOGGED_IN, _is_ordinary)),
    (None, _cut(_GREETING, _is_ordinary)),
    (_LABELLED, _without_named),
    (frozenset("'\u2019"), lambda text: _POSSESSIVE.sub(f"{REMOVED} ", text)),
    (None, _without_actor),
)
"""The rules in order, each with the characters of which it needs one; None: it may apply to any text."""
