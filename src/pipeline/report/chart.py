"""Plots as SVG by hand: small, without a script, in the colours and fonts of the page."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

#: Every text is given in English and in Traditional Chinese; the page shows one of them.
Words = tuple[str, str]

_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 14, 12, 46


class Tick(NamedTuple):
    """A place on an axis, and what stands there."""

    at: float
    text: str


class Axis(NamedTuple):
    """Ends of an axis, its ticks, and what it says."""

    low: float
    high: float
    ticks: Sequence[Tick]
    label: Words


class Chart:
    """A plot with two axes, in a box of `width` x `height` units.

    Parameters
    ----------
    x, y : Axis
        The axes.
    about : Words
        What a reader who cannot see it is told.
    left : int, optional
        Room for the texts of the y axis.
    """

    def __init__(
        self,
        x: Axis,
        y: Axis,
        *,
        about: Words,
        width: int = 480,
        height: int = 300,
        left: int = _LEFT,
        right: int = _RIGHT,
    ) -> None:
        self._x, self._y = x, y
        self._about = about
        self._width, self._height = width, height
        self._left, self._right = left, width - right
        self._top, self._bottom = _TOP, height - _BOTTOM
        self._parts: list[str] = []
        self._axes()

    def across(self, value: float) -> float:
        """Return where a value of the x axis lies."""
        share = (value - self._x.low) / (self._x.high - self._x.low)
        return round(self._left + share * (self._right - self._left), 1)

    def down(self, value: float) -> float:
        """Return where a value of the y axis lies."""
        share = (value - self._y.low) / (self._y.high - self._y.low)
        return round(self._bottom - share * (self._bottom - self._top), 1)

    def line(self, x: Sequence[float], y: Sequence[float], kind: str) -> None:
        """Draw a line; `kind` is the class that gives it colour and dashes."""
        self._parts.append(f'<polyline class="line {kind}" points="{self._points(x, y)}"/>')

    def band(self, x: Sequence[float], low: Sequence[float], high: Sequence[float]) -> None:
        """Fill the area between two lines."""
        around = f"{self._points(x, high)} {self._points(x[::-1], low[::-1])}"
        self._parts.append(f'<polygon class="band" points="{around}"/>')

    def bar(self, x: Sequence[float], y: Sequence[float], kind: str) -> None:
        """Draw a filled rectangle from `x[0]` to `x[1]` and from `y[0]` to `y[1]`."""
        left, right = sorted(map(self.across, x))
        top, bottom = sorted(map(self.down, y))
        self._parts.append(
            f'<rect class="bar {kind}" x="{left}" y="{top}" width="{right - left:.1f}" '
            f'height="{bottom - top:.1f}"/>'
        )

    def dot(self, x: float, y: float, kind: str, *, title: str = "") -> None:
        """Draw a point; `title` is shown to who rests on it."""
        told = f"<title>{escape(title)}</title>" if title else ""
        self._parts.append(
            f'<circle class="dot {kind}" cx="{self.across(x)}" cy="{self.down(y)}" r="4">{told}'
            "</circle>"
        )

    def upright(self, x: float, low: float, high: float, kind: str) -> None:
        """Draw an interval of the y axis."""
        self._segment(self.across(x), self.down(low), self.across(x), self.down(high), kind)

    def level(self, y: float, low: float, high: float, kind: str) -> None:
        """Draw an interval of the x axis."""
        self._segment(self.across(low), self.down(y), self.across(high), self.down(y), kind)

    def note(self, x: float, y: float, text: Words, *, anchor: str = "start") -> None:
        """Write beside a place."""
        self._write(self.across(x), self.down(y), text, anchor=anchor, kind="note")

    def svg(self) -> str:
        """Return the plot."""
        body = "".join(self._parts)
        return (
            f'<svg viewBox="0 0 {self._width} {self._height}" role="img" '
            f'aria-label="{escape(" / ".join(self._about))}">{body}</svg>'
        )

    def _axes(self) -> None:
        for tick in self._y.ticks:
            at = self.down(tick.at)
            self._segment(self._left, at, self._right, at, "grid")
            self._write(self._left - 7, at + 4, (tick.text, tick.text), anchor="end")
        self._segment(self._left, self._bottom, self._right, self._bottom, "axis")
        for tick in self._x.ticks:
            at = self.across(tick.at)
            self._segment(at, self._bottom, at, self._bottom + 4, "axis")
            self._write(at, self._bottom + 18, (tick.text, tick.text), anchor="middle")
        middle = (self._left + self._right) / 2
        self._write(middle, self._height - 8, self._x.label, anchor="middle", kind="label")
        if any(self._y.label):
            self._write(
                14,
                (self._top + self._bottom) / 2,
                self._y.label,
                anchor="middle",
                kind="label",
                turned=True,
            )

    def _points(self, x: Sequence[float], y: Sequence[float]) -> str:
        return " ".join(f"{self.across(a)},{self.down(b)}" for a, b in zip(x, y, strict=True))

    def _segment(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        self._parts.append(f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>')

    def _write(
        self,
        x: float,
        y: float,
        text: Words,
        *,
        anchor: str,
        kind: str = "tick",
        turned: bool = False,
    ) -> None:
        turn = f' transform="rotate(-90 {x} {y})"' if turned else ""
        place = f'class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}"{turn}'
        if text[0] == text[1]:
            self._parts.append(f"<text {place}>{escape(text[0])}</text>")
            return
        for language, one in zip(("en", "zh-TW"), text, strict=True):
            self._parts.append(f'<text lang="{language}" {place}>{escape(one)}</text>')


def ticks(low: float, high: float, *, about: int = 5, percent: bool = False) -> list[Tick]:
    """Return round places between two ends.

    Examples
    --------
    >>> [tick.text for tick in ticks(0, 1, percent=True)]
    ['0%', '20%', '40%', '60%', '80%', '100%']
    >>> [tick.text for tick in ticks(0, 45_000)]
    ['0', '10,000', '20,000', '30,000', '40,000']
    """
    import math

    step = 10.0 ** math.floor(math.log10((high - low) / about))
    step *= next(f for f in (1, 2, 2.5, 5, 10) if (high - low) / (step * f) <= about + 1e-9)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [
        Tick(i * step, spelled(i * step, step, percent=percent)) for i in range(first, last + 1)
    ]


def spelled(value: float, step: float, *, percent: bool = False) -> str:
    """Write a value with as many digits as a step between values needs."""
    import math

    unit = step * 100 if percent else step
    digits = max(0, -math.floor(math.log10(unit) + 1e-9))
    digits += round(unit * 10**digits, 6) % 1 > 0
    shown = value * 100 if percent else value
    return f"{shown:,.{digits}f}" + ("%" if percent else "")
