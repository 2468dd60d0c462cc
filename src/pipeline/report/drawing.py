"""Figures of `models.plots` as SVG for a page: its colours, its fonts, its two languages."""

import re
from collections.abc import Callable
from html import escape
from threading import Lock
from typing import TYPE_CHECKING

from models.plots import axes as drawn
from pipeline.report.figure_words import in_chinese

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Every text is given in English and in Traditional Chinese; the page shows one of them.
Words = tuple[str, str]

#: What stands for a colour in the style of the page, so that it is right in the dark as well.
_COLOURS = {
    drawn.MODEL: "--model",
    drawn.CHANCE: "--soft",
    drawn.INTERVAL: "--ink",
    **{colour: f"--rival-{n}" for n, colour in enumerate(drawn.RIVALS, start=1)},
    "#000000": "--soft",
    "#b0b0b0": "--line",
}
#: Text stays text, so that the browser takes a font that has Chinese; a unit is a point.
_SETTINGS = {"svg.fonttype": "none", "font.size": 11.5, "figure.dpi": 72}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_INCH = 72
#: Settings of matplotlib belong to the process, and pages are written by threads too.
_alone = Lock()


def as_svg(
    draw: "Callable[[Axes], object]", *, about: Words, width: int = 480, height: int = 300
) -> str:
    """Return a figure as one `<svg>` that is the same whenever it is drawn.

    Parameters
    ----------
    draw : callable
        Given axes, draws a figure of `models.plots` there.
    about : Words
        What a reader who cannot see it is told; unique on a page.
    width, height : int
        Of the figure, in units of the page's text of 12.
    """
    from io import StringIO

    from matplotlib import style
    from matplotlib.figure import Figure

    with _alone, style.context(["default", {**_SETTINGS, "svg.hashsalt": about[0]}]):
        figure = Figure(figsize=(width / _INCH, height / _INCH), layout="constrained")
        figure.patch.set_visible(False)
        axes = figure.subplots()
        axes.patch.set_visible(False)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", linewidth=0.8)
        axes.set_axisbelow(True)
        draw(axes)
        written = StringIO()
        figure.savefig(written, format="svg", metadata=_NO_METADATA)
    raw = written.getvalue()
    body = raw[raw.index('<g id="figure_1">') : raw.rindex("</svg>")]
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" stroke-linejoin="round" '
        f'aria-label="{escape(" / ".join(about))}">{_for_a_page(body)}</svg>'
    )


def _for_a_page(body: str) -> str:
    """Return what matplotlib wrote in the page's terms, and a third as long."""
    body = re.sub(r'<g id="[^"]*">', "<g>", body)
    body = re.sub(r'\b(d|x|y|width|height|transform)="([^"]*)"', _rounded, body)
    for colour, name in _COLOURS.items():
        body = body.replace(colour, f"var({name})")
    body = re.sub(r"<text ([^>]*)>([^<]*)</text>", _in_both_languages, body)
    return _without_empty_groups(re.sub(r">\s+<", "><", body).strip())


def _rounded(found: re.Match[str]) -> str:
    name, value = found.groups()
    plain = re.sub(r"-?\d+\.\d+", lambda one: f"{float(one.group()):.1f}".removesuffix(".0"), value)
    return f'{name}="{" ".join(plain.split())}"'


def _in_both_languages(found: re.Match[str]) -> str:
    told, text = found.groups()
    anchor = re.search(r"text-anchor: (\w+)", told)
    place = re.sub(r' ?(style="[^"]*"|transform="rotate\(-?0 [^"]*")', "", told).strip()
    place += f' text-anchor="{anchor.group(1)}"' if anchor else ""
    other = in_chinese(text)
    if other == text:
        return f"<text {place}>{text}</text>"
    return f'<text lang="en" {place}>{text}</text><text lang="zh-TW" {place}>{other}</text>'


def _without_empty_groups(body: str) -> str:
    """Leave out groups that say nothing of what they hold."""
    kept: list[str] = []
    says: list[bool] = []
    for part in re.split(r"(<g[^>]*>|</g>)", body):
        if part.startswith("<g"):
            says.append(part != "<g>")
        if part.startswith(("<g", "</g>")) and not (says.pop() if part == "</g>" else says[-1]):
            continue
        kept.append(part)
    return "".join(kept)
