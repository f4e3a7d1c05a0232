"""What came out, for people and for programs: tables by recording and item, by vendor and topic, and what a form does not carry."""

from collections import Counter
from collections.abc import Iterator, Sequence

from benchmarks.accuracy.coverage import VendorCoverage
from benchmarks.accuracy.facts import FAULTS, ITEMS, TOPICS, Verdict
from benchmarks.accuracy.forms import Form, totals
from benchmarks.accuracy.judge import Judged

_SHOWN = (Verdict.RIGHT, *FAULTS)
_MOST_EXAMPLES = 6


def summary(judged: Sequence[Judged]) -> str:
    """Return the totals in one line."""
    whole = totals(judged)
    counts = ", ".join(f"{whole[verdict]} {verdict.value}" for verdict in (Verdict.RIGHT, Verdict.WRONG, Verdict.INVENTED))
    carried = f", {whole[Verdict.NOT_CARRIED]} not carried" if whole[Verdict.NOT_CARRIED] else ""
    return f"{len(judged)} recordings: {counts}, {whole[Verdict.MISSING]} missing{carried}."


def counted(judged: Sequence[Judged]) -> str:
    """Return what reading in this form took, in one line; empty where nothing was counted."""
    found = sum((each.counted for each in judged), Counter[str]())
    return ", ".join(f"{name} {count:,}" for name, count in found.items())


def by_item(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield the table of recordings and items."""
    width = max(len(each.name) for each in judged)
    verdicts = [verdict.value for verdict in _SHOWN]
    yield "Facts by recording and item: how many are right; R/W/I/M: right, wrong, invented, missing; . where there are none."
    yield ""
    yield _line(["recording", *map(str, ITEMS), *verdicts], width)
    for each in judged:
        found = each.count()
        yield _line([each.name, *(_cell(each.count(item)) for item in ITEMS), *(str(found[verdict]) for verdict in _SHOWN)], width)
    whole = totals(judged)
    sums = [_cell(sum((each.count(item) for each in judged), Counter())) for item in ITEMS]
    yield _line(["all", *sums, *(str(whole[verdict]) for verdict in _SHOWN)], width)
    yield "Items: " + ", ".join(f"{number} {name}" for number, name in ITEMS.items()) + "."


def vendors(judged: Sequence[Judged]) -> dict[str, list[Judged]]:
    """Return the recordings by vendor, in the order of their names."""
    found: dict[str, list[Judged]] = {}
    for each in judged:
        found.setdefault(each.vendor or "unknown", []).append(each)
    return dict(sorted(found.items(), key=lambda pair: pair[0].lower()))


def by_vendor(judged: Sequence[Judged]) -> list[list[str]]:
    """Return the table of topics and vendors as cells, its head first: a row each topic, a column each vendor, the last for all."""
    groups = {**vendors(judged), "all": list(judged)}
    rows = [["", *groups]]
    for topic in TOPICS:
        cells = [_cell(sum((each.count_topic(topic) for each in group), Counter())) for group in groups.values()]
        if any(cell != "." for cell in cells):
            rows.append([topic, *cells])
    rows.append(["all", *(_cell(totals(group)) for group in groups.values())])
    return rows


def faults(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield what is wrong, invented or missing, a line each."""
    return (f"{each.name}: {finding.text()}" for each in judged for finding in each.faults)


def not_carried(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield what a form does not carry, a line each topic: how many facts, and which."""
    found: dict[str, Counter[str]] = {}
    for each in judged:
        for finding in each.not_carried:
            found.setdefault(finding.fact.topic, Counter())[finding.fact.what] += 1
    for topic in (topic for topic in TOPICS if topic in found):
        names = found[topic]
        more = f" and {len(names) - _MOST_EXAMPLES} more" if len(names) > _MOST_EXAMPLES else ""
        shown = ", ".join(name for name, _ in names.most_common(_MOST_EXAMPLES))
        yield f"{topic}: {names.total()} ({shown}{more})"


def as_text(form: Form, judged: Sequence[Judged]) -> Iterator[str]:
    """Yield what came out of a form, line by line."""
    yield f"# {form.title}"
    yield ""
    if form.name == "recorded":
        yield from by_item(judged)
        yield ""
    yield "By topic and vendor: how many are right; R/W/I/M: right, wrong, invented, missing; +N: not carried by this form."
    yield ""
    rows = by_vendor(judged)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))])
    yield from faults(judged)
    if lines := list(not_carried(judged)):
        yield ""
        yield "What this form does not carry:"
        yield from (f"  {line}" for line in lines)
    yield ""
    if took := counted(judged):
        yield f"Counted: {took}."
    yield summary(judged)
    yield ""


def as_markdown(form: Form, judged: Sequence[Judged]) -> str:
    """Return what came out of a form as a part of a document."""
    rows = by_vendor(judged)
    head, *body = rows
    lines = [" | ".join(["", *head, ""]).strip(), " | ".join(["", *["---"] * len(head), ""]).strip()]
    lines += [" | ".join(["", *row, ""]).strip() for row in body]
    carried = [f"- {line}" for line in not_carried(judged)]
    took = counted(judged)
    parts = [
        f"### {form.title[0].upper()}{form.title[1:]}",
        summary(judged) + (f" Counted: {took}." if took else ""),
        "\n".join(lines),
    ]
    return "\n\n".join([*parts, *(["Not carried:\n\n" + "\n".join(carried)] if carried else [])])


def as_json(judged: Sequence[Judged]) -> dict[str, object]:
    """Return what came out of a form as JSON values."""

    def counts(found: Counter[Verdict]) -> dict[str, int]:
        return {verdict.value: found[verdict] for verdict in Verdict}

    return {
        "totals": counts(totals(judged)),
        "counted": dict(sum((each.counted for each in judged), Counter[str]())),
        "vendors": {
            vendor: {
                topic: counts(found)
                for topic in TOPICS
                if (found := sum((each.count_topic(topic) for each in group), Counter[Verdict]()))
            }
            for vendor, group in vendors(judged).items()
        },
        "recordings": [
            {
                "name": each.name,
                "vendor": each.vendor,
                "totals": counts(each.count()),
                "items": {str(item): counts(found) for item in ITEMS if (found := each.count(item))},
                "faults": [finding.text() for finding in each.faults],
                "not_carried": [f"{finding.fact.what} ({finding.fact.source})" for finding in each.not_carried],
            }
            for each in judged
        ],
    }


def coverage_text(covered: Sequence[VendorCoverage]) -> Iterator[str]:
    """Yield which items the definitions of each vendor cover, line by line."""
    width = max(len(each.vendor) for each in covered)
    yield "Coverage by vendor and item. S: standard objects, seen on a recording of the vendor; s: not seen. A, B, C, K: objects"
    yield "of the definition by the best evidence (A a MIB or two independent sources, B one maintained project, C one source,"
    yield "K known), * where a recording has shown one; -: not available."
    yield ""
    yield _line(["vendor", *map(str, ITEMS)], width)
    for each in covered:
        yield _line([each.vendor, *(each.cell(item) for item in ITEMS)], width)
    yield ""
    yield "Objects of definitions not seen on any recording (tested on devices generated from the facts):"
    for each in covered:
        unseen = list(dict.fromkeys(f"{cover.name} ({cover.evidence})" for cover in each.covers if not cover.seen))
        if unseen:
            yield f"  {each.vendor}: {', '.join(unseen)}"


def _cell(found: Counter[Verdict]) -> str:
    if not any(found.values()):
        return "."
    whole = "/".join(str(found[verdict]) for verdict in _SHOWN) if any(found[verdict] for verdict in FAULTS) else ""
    more = f"+{found[Verdict.NOT_CARRIED]}" if found[Verdict.NOT_CARRIED] else ""
    return f"{whole or found[Verdict.RIGHT] or ''}{more}"


def _line(cells: Sequence[str], width: int) -> str:
    return "  ".join([cells[0].ljust(width), *(cell.rjust(4) for cell in cells[1:])])
