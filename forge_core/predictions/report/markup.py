"""Pieces of a plain HTML file. Every text is escaped here; nothing in the file runs or loads."""

import html
from collections.abc import Sequence

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; margin: 0.5rem 0; }
td, th { padding: 0.2rem 0.7rem; text-align: right; border-bottom: 1px solid #8884;
  font-variant-numeric: tabular-nums; }
td:first-child, th:first-child { text-align: left; }
.wide { overflow-x: auto; } .quiet { opacity: 0.7; } pre { background: #8882; padding: 0.8rem;
  overflow-x: auto; border-radius: 4px; } li { margin: 0.2rem 0; }
.cell { color: inherit; }
@media print { body { max-width: none; } }
"""
CURVE_WIDTH, CURVE_HEIGHT = 640, 220
COLORS = ("#0072B2", "#D55E00")


def text(value: object) -> str:
    """Any value as text of the file."""
    return html.escape(str(value))


def heading(words: str) -> str:
    """The beginning of a section."""
    return f"<h2>{text(words)}</h2>"


def paragraph(words: str, *, quiet: bool = False) -> str:
    """Some sentences."""
    return f"<p{' class=quiet' if quiet else ''}>{text(words)}</p>"


def bullets(lines: Sequence[str]) -> str:
    """A list of sentences; nothing for none."""
    items = "".join(f"<li>{text(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table; the first column stands left."""
    head = "".join(f"<th>{text(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<div class=wide><table><tr>{head}</tr>{body}</table></div>"


def matrix(names: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """A confusion matrix, rows true, the larger a share the darker its cell."""
    head = "".join(f"<th>{text(name)}</th>" for name in names)
    rows = []
    for place, (name, row) in enumerate(zip(names, counts, strict=True)):
        total = max(1, sum(row))
        cells = "".join(
            f'<td style="background:{_tone(place == column, count / total)}">{count or ""}</td>'
            for column, count in enumerate(row)
        )
        rows.append(f"<tr><td>{text(name)}</td>{cells}</tr>")
    return (
        f"<div class=wide><table><tr><th>true \\ predicted</th>{head}</tr>{''.join(rows)}"
        "</table></div>"
    )


def curves(lines: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Curves over the epochs as a drawing, each from 0 to 1."""
    longest = max((len(values) for _, values in lines), default=0)
    if longest < 2:
        return ""
    drawn = []
    for (name, values), color in zip(lines, COLORS, strict=False):
        points = " ".join(
            f"{CURVE_WIDTH * place / (longest - 1):.1f},{CURVE_HEIGHT * (1 - value):.1f}"
            for place, value in enumerate(values)
        )
        drawn.append(f'<polyline fill="none" stroke="{color}" stroke-width="2" points="{points}"/>')
        drawn.append(f"<title>{text(name)}</title>")
    legend = " · ".join(
        f'<span style="color:{color}">{text(name)}</span>'
        for (name, _), color in zip(lines, COLORS, strict=False)
    )
    return (
        f'<svg viewBox="0 0 {CURVE_WIDTH} {CURVE_HEIGHT}" width="100%" role="img" '
        'style="border:1px solid #8884" preserveAspectRatio="none">'
        f"{''.join(drawn)}</svg><p class=quiet>{legend}, 0 to 100 %, by epoch</p>"
    )


def code(lines: Sequence[str]) -> str:
    """Commands as they are typed."""
    return f"<pre>{text(chr(10).join(lines))}</pre>"


def page(title: str, parts: Sequence[str]) -> str:
    """The whole file."""
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{text(title)}</title>"
        '<meta name=viewport content="width=device-width">'
        "<meta http-equiv=Content-Security-Policy "
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<style>{STYLE}</style>{''.join(parts)}</html>\n"
    )


def _tone(is_right: bool, share: float) -> str:
    color = "0,114,178" if is_right else "213,94,0"
    return f"rgba({color},{0.6 * share**0.5:.2f})" if share else "none"
