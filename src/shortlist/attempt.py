"""A model that was fitted in a notebook: judged, compared, logged; never released."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from shortlist import html
from shortlist.shown import Compared, Judged, written

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from pipeline.evaluation import Figure
    from pipeline.experiments import Fitted
    from pipeline.project import Project


class Difference(dict[str, "Figure"]):
    """Paired differences by measure: one attempt minus another, on the same rows."""

    def _repr_html_(self) -> str:
        rows = [[name.replace("_", " "), written(figure)] for name, figure in self.items()]
        return html.table(["measure", "difference"], rows, caption="paired, by customer")


class Attempt:
    """A fitted model of customers with its rows; made by `Workbench.fit`.

    Parameters
    ----------
    project : Project
        Where it was fitted.
    fitted : Fitted
        What was learned.
    """

    def __init__(self, project: "Project", fitted: "Fitted") -> None:
        self._project = project
        self.fitted = fitted
        self._judged: dict[bool, Judged] = {}

    @property
    def y(self) -> "np.ndarray":
        """What happened to the test rows: 0 or 1, of shape (n_rows,)."""
        return self.fitted.roles.test.y

    @property
    def said(self) -> "Mapping[str, np.ndarray]":
        """What the model (`probability`) and each baseline said of them, each (n_rows,)."""
        from pipeline.experiments import said_by

        return said_by(self.fitted)

    @property
    def test(self) -> "pd.DataFrame":
        """The untouched test rows: key, features and `label`."""
        rows = self.fitted.roles.test
        return rows.keys.join(rows.X).assign(label=rows.y)

    def evaluate(self, *, leaks: bool = True) -> Judged:
        """Judge it on the untouched test rows; `leaks` fits it several times over to look."""
        if leaks not in self._judged:
            from pipeline.experiments import evaluate_experiment

            found = evaluate_experiment(self._project, self.fitted, leaks=leaks)
            self._judged[leaks] = Judged(found)
        return self._judged[leaks]

    def compare(self) -> Compared:
        """Ask the gate: against what is live, or the baselines where nothing is."""
        from pipeline.experiments import against_champion

        evaluation = self.evaluate().evaluation
        return Compared(against_champion(self._project, self.fitted, evaluation))

    def minus(self, other: "Attempt") -> Difference:
        """Return the paired differences from another attempt on the same test rows.

        Raises
        ------
        ValueError
            If the rows are others, or have other outcomes.
        """
        from pipeline.experiments import compare

        own, theirs = self.fitted.roles.test, other.fitted.roles.test
        if not (own.keys.equals(theirs.keys) and (own.y == theirs.y).all()):
            raise ValueError(
                "the two attempts were judged on other rows or outcomes. Give both the same "
                "eligible, label, gap_days and horizon_days."
            )
        rivals = {"other": other.said["probability"]}
        return Difference(compare(self._project, self.fitted, rivals)["other"])

    def log(self, name: str) -> str:
        """Log it to MLflow under a name, beside all runs of the model; return the run's id."""
        from pipeline.experiments import log_experiment

        evaluation = self.evaluate(leaks=True in self._judged).evaluation
        return log_experiment(self._project, self.fitted, evaluation, name=name)

    def _repr_html_(self) -> str:
        roles = {**self.fitted.roles.learning, "test": self.fitted.roles.test}
        days = self.fitted.roles.cutoffs
        when = {
            "train": f"{days.train[0]} to {days.train[-1]} ({len(days.train)})",
            "tune": days.tune,
            "calibrate": days.calibrate,
            "test": days.test,
        }
        rows = [
            [role, when[role], f"{len(one.y):,}", f"{int(one.y.sum()):,}"]
            for role, one in roles.items()
        ]
        told = f"{self.fitted.model.name}: {self.fitted.roles.test.X.shape[1]} features, fitted"
        return html.paragraph(told, strong=True) + html.table(
            ["role", "cut-offs", "rows", "with the outcome"], rows
        )
