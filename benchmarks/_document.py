"""The generated sections of docs/benchmarks.md: each stands between its markers, and what people wrote around them stays."""

import re
from pathlib import Path

from appliance.common.clock import utc_now
from benchmarks._chart import svg
from benchmarks._figures import NOT_INSTALLED, Report, as_markdown
from benchmarks._machine import load, machine, own_version

DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def section(report: Report, chart: str | None) -> str:
    """Return the section of one run; `chart` is the place of its picture."""
    versions = ", ".join(f"{name} {told or NOT_INSTALLED}" for name, told in report.versions.items())
    lines = [
        f"{utc_now():%Y-%m-%d}, version {own_version()}, {machine()} (load {load():.1f}).",
        f"With {versions}." if versions else "",
        *([f"![{report.chart.title}]({chart})"] if report.chart and chart else []),
        as_markdown(report.figures),
        report.details,
    ]
    return "\n\n".join(line for line in lines if line)


def write(report: Report, document: Path = DOCUMENT) -> None:
    """Put a run into the document, in place of the one before. Raises ValueError where the document has no such section."""
    chart = None
    if report.chart:
        chart = f"images/benchmark-{report.name}.svg"
        (document.parent / chart).write_text(svg(report.chart), encoding="utf-8")
    put(report.name, section(report, chart), document)


def put(name: str, content: str, document: Path = DOCUMENT) -> None:
    """Put a section into the document, in place of the one before. Raises ValueError where the document has no such section."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    text = document.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{document} has no section between {begin} and {end}")
    whole = f"{begin}\n{content}\n{end}"
    document.write_text(pattern.sub(lambda _: whole, text), encoding="utf-8")
