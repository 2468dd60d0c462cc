"""The report of an evaluation, and the model card beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from numpy.typing import NDArray

from models.definition import Model
from models.learning import Classifier
from pipeline.durable import write_json
from pipeline.evaluation import Evaluation
from pipeline.examples import Examples
from pipeline.project import Project, outcome_window

if TYPE_CHECKING:
    from pipeline.report.drift import Populations


def write_report(
    folder: Path,
    *,
    project: Project,
    model: Model,
    evaluation: Evaluation,
    learner: Classifier,
    training: Mapping[str, Any],
    test: Examples,
    said: Mapping[str, NDArray[Any]],
    segments: pd.DataFrame,
    populations: "Populations",
) -> None:
    """Write `report.html`, `model_card.md` and `figures.json`, the figures behind them.

    Parameters
    ----------
    folder : Path
        Of the evaluation.
    project : Project
        Whose parameters to use.
    model : Model
        What was evaluated.
    evaluation : Evaluation
        Its measures.
    learner : Classifier
        What was learned.
    training : mapping
        `training.json` of the training.
    test : Examples
        The untouched test rows.
    said : mapping of str to array of shape (n_rows,)
        What the model (`"probability"`) and each baseline say of them.
    segments : DataFrame of shape (n_rows, n_properties)
        See `read_segments`.
    populations : Populations
        See `read_populations`.
    """
    from pipeline.gate import decide
    from pipeline.report.card import as_markdown
    from pipeline.report.figures import figures_of
    from pipeline.report.page import Told, as_html

    params, own = project.params, project.params.models[model.name]
    figures = figures_of(
        test,
        {"model": said["probability"], **{n: said[n] for n in evaluation.baselines}},
        model=model.name,
        learner=learner,
        segments=segments,
        populations=populations,
        params=params.report,
        measured=evaluation.measures,
        level=evaluation.level,
        draws=params.gate.draws,
        seed=own.seed,
    )
    told = Told(
        model=model,
        evaluation=evaluation,
        figures=figures,
        training=training,
        decision=decide(
            evaluation, kind="first", rivals=evaluation.differences, params=params.gate
        ),
        params=params,
        window=outcome_window(model, own),
        made={
            "at": project.run.requested_at.isoformat(timespec="minutes"),
            "code": project.run.code,
            "data": project.run.fingerprint,
        },
    )
    write_json(folder / "figures.json", figures.model_dump(mode="json"))
    (folder / "report.html").write_text(as_html(told), encoding="utf-8")
    (folder / "model_card.md").write_text(as_markdown(told), encoding="utf-8")
