"""Tables as maps: cohorts that come back, and products that go together."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from models.plots.axes import axes_for, in_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.image import AxesImage

#: Above so many columns a number in each cell cannot be read.
_WRITTEN = 14
_DARK = 0.55
#: Factors that are named beside the colours.
_FACTORS = (0.1, 0.2, 0.5, 1, 2, 5, 10)


def cohort_plot(
    share: ArrayLike,
    cohorts: Sequence[str],
    *,
    periods: Sequence[object] | None = None,
    period: str = "quarters since joining",
    what: str = "share of the cohort that bought",
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw which share of each cohort was there in each period of its life.

    Parameters
    ----------
    share : array-like of shape (n_cohorts, n_periods)
        In [0, 1]; NaN where a period has not come yet.
    cohorts : sequence of str
        Who joined together, oldest first.
    periods : sequence, optional
        Names of the columns; counted from 0 if left out.
    period, what : str
        What columns and colours say.
    axes : Axes, optional
        Where to draw; new ones if left out.

    Raises
    ------
    ValueError
        If there is not one row for each cohort.
    """
    share = np.asarray(share, float)
    _require_shape(share, rows=len(cohorts))
    axes = axes_for(axes, width=7.2, height=1.4 + 0.3 * len(cohorts))
    drawn = axes.imshow(share, aspect="auto", cmap="Blues", vmin=0)
    _written(axes, share, "{:.0%}")
    axes.set(
        xticks=range(share.shape[1]),
        xticklabels=[str(one) for one in periods or range(share.shape[1])],
        yticks=range(len(cohorts)),
        yticklabels=list(cohorts),
        xlabel=period,
        ylabel="joined",
    )
    _bar(axes, drawn, what, percent=True)
    return axes


def association_plot(
    lift: ArrayLike,
    names: Sequence[str],
    *,
    what: str = "lift: bought together over expected by chance",
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw how much oftener than by chance two things go together, on a scale of factors.

    Parameters
    ----------
    lift : array-like of shape (n, n)
        Positive; 1 is chance; NaN is left empty.
    names : sequence of str
        Of rows and columns.
    what : str
        What colours say.
    axes : Axes, optional
        Where to draw; new ones if left out.

    Raises
    ------
    ValueError
        If the table is not square, with one name a row.
    """
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import NullFormatter, StrMethodFormatter

    lift = np.asarray(lift, float)
    _require_shape(lift, rows=len(names), columns=len(names))
    axes = axes_for(axes, width=1.8 + 0.55 * len(names), height=1.4 + 0.42 * len(names))
    spread = max(float(np.nanmax(np.abs(np.log(np.where(lift > 0, lift, np.nan))))), 0.1)
    drawn = axes.imshow(
        np.where(lift > 0, lift, np.nan),
        cmap="RdBu_r",
        norm=LogNorm(np.exp(-spread), np.exp(spread)),
    )
    _written(axes, lift, "{:.1f}")
    axes.set(yticks=range(len(names)), yticklabels=list(names), xticks=range(len(names)))
    axes.set_xticklabels(list(names), rotation=45, ha="right", rotation_mode="anchor")
    bar = _bar(axes, drawn, what)
    bar.ax.yaxis.set_major_formatter(StrMethodFormatter("{x:.2g}"))
    bar.ax.yaxis.set_minor_formatter(NullFormatter())
    bar.set_ticks([one for one in _FACTORS if abs(np.log(one)) <= spread])
    return axes


def _require_shape(table: np.ndarray, *, rows: int, columns: int | None = None) -> None:
    if table.ndim != 2 or len(table) != rows or columns not in (None, table.shape[1]):  # noqa: PLR2004 - rows and columns
        wanted = f"({rows}, {'any' if columns is None else columns})"
        raise ValueError(f"the table is of shape {table.shape}, but the names ask for {wanted}")


def _written(axes: "Axes", table: np.ndarray, form: str) -> None:
    if table.shape[1] > _WRITTEN:
        return
    image = axes.images[-1]
    for (row, column), value in np.ndenumerate(table):
        if np.isfinite(value):
            red, green, blue, _ = image.to_rgba(np.array([[value]]))[0, 0]
            light = 0.3 * red + 0.59 * green + 0.11 * blue
            axes.text(
                column,
                row,
                form.format(value),
                ha="center",
                va="center",
                fontsize=8,
                color="white" if light < _DARK else "black",
            )


def _bar(axes: "Axes", drawn: "AxesImage", what: str, *, percent: bool = False) -> "Colorbar":
    bar = axes.figure.colorbar(drawn, ax=axes, label=what)
    if percent:
        in_percent(bar.ax.yaxis)
    return bar
