"""Bar charts as SVG, for people who look rather than read. The colours follow the reader's light or dark mode."""

from html import escape

from benchmarks._figures import Bars, number

ROW = 26
WIDTH = 760
LEFT = 250
RIGHT = 110

STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600}.ours{fill:#0b7a75}.peer{fill:#8c959f}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.ours{fill:#2dd4bf}.peer{fill:#6e7681}}"
)


def svg(bars: Bars) -> str:
    """Return a chart with one bar for each value; those whose name begins with "ours" stand out."""
    most = max(bars.values.values(), default=0.0) or 1.0
    height = ROW * (len(bars.values) + 1) + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
        f"<title>{escape(bars.title)}, {escape(bars.unit)}</title><style>{STYLE}</style>",
        f'<text class="title" x="0" y="17">{escape(bars.title)} ({escape(bars.unit)})</text>',
    ]
    for row, (name, value) in enumerate(bars.values.items(), 1):
        top = ROW * row
        length = max(1.0, (WIDTH - LEFT - RIGHT) * value / most)
        kind = "ours" if name.startswith("ours") else "peer"
        parts += [
            f'<text x="{LEFT - 8}" y="{top + 18}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{kind}" x="{LEFT}" y="{top + 4}" width="{length:.1f}" height="{ROW - 8}" rx="2"/>',
            f'<text x="{LEFT + length + 6:.1f}" y="{top + 18}">{number(value)}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"
