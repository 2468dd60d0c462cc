"""What a notebook gets back: things that show themselves as tables."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from shortlist import html

if TYPE_CHECKING:
    import pandas as pd

    from campaigns.preview import Preview
    from pipeline.evaluation import Evaluation, Figure
    from pipeline.gate import Decision

#: Columns of a snapshot that are shown; the frame holds all.
SHOWN_COLUMNS, SHOWN_ROWS = 6, 5


@dataclass(frozen=True)
class Snapshot:
    """What was known of everybody at a cut-off.

    Attributes
    ----------
    as_of : date
        The cut-off: nothing available at or after it was seen.
    unit : str
        What a row is.
    frame : DataFrame
        A row for each unit, a column for each feature.
    """

    as_of: date
    unit: str
    frame: "pd.DataFrame"

    def _repr_html_(self) -> str:
        shown = self.frame.iloc[:SHOWN_ROWS, : SHOWN_COLUMNS + 1]
        said = f"{len(self.frame):,} rows ({self.unit}), {self.frame.shape[1] - 1:,} columns"
        return html.paragraph(f"Snapshot as of {self.as_of}: {said}", strong=True) + html.table(
            [str(one) for one in shown.columns],
            [[_cell(one) for one in row] for row in shown.itertuples(index=False)],
            caption=f"the first {len(shown)} rows and {shown.shape[1]} columns; .frame holds all",
        )


@dataclass(frozen=True)
class Judged:
    """What the untouched test rows say of a model.

    Attributes
    ----------
    evaluation : Evaluation
        Measures with intervals, baselines beside, alarms.
    """

    evaluation: "Evaluation"

    def frame(self) -> "pd.DataFrame":
        """Return a row a measure and side: `value`, `low`, `high`."""
        import pandas as pd

        one = self.evaluation
        sides = {"model": one.measures, **one.baselines}
        rows = [
            {"measure": name, "side": side, **figure.model_dump()}
            for side, figures in sides.items()
            for name, figure in figures.items()
        ]
        return pd.DataFrame(rows).set_index(["measure", "side"])

    def _repr_html_(self) -> str:
        one = self.evaluation
        sides = {"model": one.measures, **one.baselines}
        names = list(dict.fromkeys(name for figures in sides.values() for name in figures))
        told = (
            f"{one.model} {one.version or '(experiment)'}: {one.rows:,} rows as of {one.as_of}, "
            f"{one.positives:,} with the outcome"
        )
        rows = [
            [name.replace("_", " "), *(written(sides[side].get(name)) for side in sides)]
            for name in names
        ]
        return (
            html.paragraph(told, strong=True)
            + html.table(
                ["measure", *sides],
                rows,
                caption=f"{one.level:.0%} intervals, bootstrap by customer; list of "
                f"{one.list_size:,}",
            )
            + html.paragraph(_leaks(one))
        )


@dataclass(frozen=True)
class Compared:
    """A challenger beside its rivals, and what the gate says of it.

    Attributes
    ----------
    decision : Decision
        Every check with its figure.
    """

    decision: "Decision"

    @property
    def passed(self) -> bool:
        """Whether the gate would let it through."""
        return self.decision.passed

    def _repr_html_(self) -> str:
        against = f"version {self.decision.against}" if self.decision.against else "the baselines"
        verdict = "would pass" if self.passed else "would be refused"
        rows = [
            [
                check.name,
                written(check.found),
                check.expected,
                ("yes" if check.passed else "NO") + ("" if check.required else " (not required)"),
            ]
            for check in self.decision.checks
        ]
        return html.paragraph(
            f"The gate, against {against}: it {verdict}.", strong=True
        ) + html.table(["check", "found", "expected", "met"], rows)


@dataclass(frozen=True)
class Previewed:
    """A list that was not built.

    Attributes
    ----------
    preview : Preview
        Who would be on it, who is left out for which reason, at which cost.
    currency : str
        What money is written in.
    """

    preview: "Preview"
    currency: str

    def _repr_html_(self) -> str:
        one, ledger = self.preview, self.preview.ledger
        rows: list[list[object]] = [["everybody known", f"{ledger.base:,}"]]
        rows += [
            [f"left out: {reason.replace('_', ' ')}", f"{count:,}"]
            for reason, count in ledger.excluded.items()
        ]
        rows += [
            ["held out as control", f"{ledger.control:,}"],
            ["selected", f"{ledger.selected:,}"],
        ]
        said = []
        if one.expected is not None:
            said.append(f"Expected outcomes: {one.expected:,.1f}.")
        if one.cost is not None and one.expected_value is not None:
            said.append(
                f"Cost {one.cost:,.0f} {self.currency}, expected value {one.expected_value:,.0f} "
                f"{self.currency}."
            )
        if one.least_effect is not None:
            said.append(
                f"The control would show a change of {one.least_effect:.2%} or more (95 % level, "
                "80 % power)."
            )
        return (
            html.paragraph(one.en, strong=True)
            + html.paragraph(one.zh)
            + html.table(["outcome", "customers"], rows)
            + html.paragraph(" ".join(said))
        )


def written(figure: "Figure | None") -> str:
    """Write a figure with its interval; nothing where there is none."""
    if figure is None:
        return ""
    if figure.low == figure.high:
        return f"{figure.value:.4g}"
    return f"{figure.value:.4f} [{figure.low:.4f}, {figure.high:.4f}]"


def _leaks(evaluation: "Evaluation") -> str:
    if not evaluation.alarms:
        return "Leaks were not looked for."
    ringing = [one for one in evaluation.alarms if one.rings]
    if not ringing:
        return f"All {len(evaluation.alarms)} leak checks passed."
    return "LEAK: " + "; ".join(
        f"{one.title()}: {one.found:.4g}, expected {one.expected}" for one in ringing
    )


def _cell(value: Any) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
