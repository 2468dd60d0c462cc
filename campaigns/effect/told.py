"""Find what a name stands for, and tell what it added: campaigns and promotions alike."""

from pathlib import Path

from campaigns.effect.campaign import CampaignEffect, effect_of_campaign
from campaigns.effect.errors import EffectError, UnknownOfferError
from campaigns.effect.page import as_html
from campaigns.effect.promotion import PromotionReport, effect_of_promotion
from models.definition import LiftModel
from pipeline.durable import whole_folder, write_json
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.grain_store import Grains
from pipeline.live_tables import tables_folder
from pipeline.plan import scoring_cutoff, span_of
from pipeline.project import Project

Told = CampaignEffect | PromotionReport

#: Names of each kind that an error shows.
SHOWN = 8


def effect_folder(artifacts: Path, name: str) -> Path:
    """Return where the effect of a campaign or promotion is written."""
    return artifacts / "effects" / name


def tell_effect(project: Project, name: str, model: LiftModel) -> Told:
    """Estimate what a campaign or promotion added, and write it below `artifacts/effects`.

    Parameters
    ----------
    project : Project
        Whose validated tables to read.
    name : str
        Identifier of a campaign or of a promotion.
    model : LiftModel
        Says what the control is called, and how long outcomes count.

    Raises
    ------
    UnknownOfferError
        If the data hold neither a campaign nor a promotion of that name.
    EffectError
        If its effect cannot be told.
    TrialError
        If a promotion has too little history.
    """
    tables, time_zone = tables_folder(project.artifacts), project.params.time_zone
    if not tables.exists():
        raise EffectError(
            f"{project.folder} holds no tables yet. Start with `shortlist run --data DIR`."
        )
    with engine(project.artifacts) as connection:
        events = read_events(connection, tables, time_zone=time_zone)
        grains = Grains(connection, events)
        as_of = scoring_cutoff(project.run.as_of, span_of(events))
        level = project.params.gate.level
        kind = _kind_of(grains, name)
        told: Told
        if kind == "campaign":
            told = effect_of_campaign(
                name,
                grains,
                model,
                as_of=as_of,
                time_zone=time_zone,
                level=level,
                seed=_seed(project, model),
            )
        else:
            told = effect_of_promotion(name, grains, as_of=as_of, level=level)
    with whole_folder(effect_folder(project.artifacts, name)) as folder:
        write_json(folder / "effect.json", told.model_dump(mode="json"))
        page = as_html(told, currency=project.params.currency)
        (folder / "report.html").write_text(page, encoding="utf-8")
    return told


def _seed(project: Project, model: LiftModel) -> int:
    own = project.params.models.get(model.name)
    return 0 if own is None else own.seed


def _kind_of(grains: Grains, name: str) -> str:
    known: dict[str, list[str]] = {}
    for kind in ("campaign", "promotion"):
        if f"{kind}s" not in grains.delivered:
            known[kind] = []
            continue
        table = grains.table(f"{kind}s")
        known[kind] = sorted(table[f"{kind}_id"].to_pyarrow().to_pylist())
    for kind, names in known.items():
        if name in names:
            return kind
    raise UnknownOfferError(
        f"there is no campaign and no promotion {name}. "
        + " ".join(_listed(kind, names) for kind, names in known.items())
    )


def _listed(kind: str, names: list[str]) -> str:
    if not names:
        return f"The data hold no {kind}s."
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"The newest {kind}s: {', '.join(names[-SHOWN:])}{more}."
