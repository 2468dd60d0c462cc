"""What came of every assignment: in its outcome window, and in the same time before it."""

from datetime import date

import ibis
import ibis.expr.types as ir
from ibis import _
from rich.console import Console

from models.definition import LiftModel
from pipeline.durable import whole_folder, write_json
from pipeline.fingerprint import file_digest
from pipeline.grain_store import Grains
from pipeline.labels import label_folder
from pipeline.lift.cutoffs import LiftCutoffs, drawn
from pipeline.project import OutcomeWindow, Project, outcome_window

_KEY = ("campaign_id", "customer_id")


def outcome_table(
    grains: Grains,
    model: LiftModel,
    *,
    campaigns: list[str],
    window: OutcomeWindow,
    known_before: date,
    time_zone: str,
    before_days: int | None = None,
) -> ir.Table:
    """Return one row per assignment of some campaigns, whatever became of the contact.

    Outcomes count in `[assigned + gap, assigned + gap + horizon)` by the local day they
    happened, as far as they were known before `known_before`. What happened before counts in
    `[assigned - before_days, assigned)` (the horizon, if left out), as far as it was known on
    the day of the assignment: it adjusts, and no arm can have changed it.

    Returns
    -------
    Table
        `campaign_id`, `customer_id`, `arm`, `probability` (of the arm drawn), `assigned_on`,
        `cutoff`; `label` and `label_before` (0 or 1), `amount` and `amount_before` (spent net
        of returns), `margin` (null where no unit cost or margin is known), `redeemed` (0 or
        1), `contact_cost`, `redemption_cost`.
    """
    events = {name: grains.table(name) for name in grains.delivered}
    rows = drawn(events, as_of=known_before, time_zone=time_zone)
    rows = rows.filter(_.campaign_id.isin(campaigns))
    rows = rows.mutate(
        opens=_.assigned_on + ibis.interval(days=window.gap_days),
        closes=_.assigned_on + ibis.interval(days=window.gap_days + window.horizon_days),
        since=_.assigned_on - ibis.interval(days=before_days or window.horizon_days),
    )
    units = rows.select(*_KEY, "assigned_on", "opens", "closes", "since")
    known = ibis.literal(known_before)

    def after(facts: ir.Table, *keys: str) -> ir.Table:
        inside = units.inner_join(facts, list(keys) or ["customer_id"])
        return inside.filter(
            _.event_on >= _.opens.cast("date"),
            _.event_on < _.closes.cast("date"),
            _.available_on < known,
        )

    def before(facts: ir.Table) -> ir.Table:
        return units.inner_join(facts, "customer_id").filter(
            _.event_on >= _.since.cast("date"),
            _.event_on < _.assigned_on,
            _.available_on < _.assigned_on,
        )

    happened = after(grains.rows(model.label.grain))
    earlier = before(grains.rows(model.label.grain))
    lines = _lines(events)
    spent = (
        after(lines)
        .group_by(_KEY)
        .aggregate(amount=_.amount.sum(), margin=_.margin.sum(), uncosted=_.margin.isnull().sum())
    )
    parts = [
        happened.group_by(_KEY).aggregate(label=model.label.outcome(happened)),
        earlier.group_by(_KEY).aggregate(label_before=model.label.outcome(earlier)),
        spent,
        before(lines).group_by(_KEY).aggregate(amount_before=_.amount.sum()),
    ]
    if "outcomes" in events:
        own = after(events["outcomes"].filter(_.kind == "redemption"), *_KEY)
        parts.append(own.group_by(_KEY).aggregate(redeemed=_.count()))
    table = rows.left_join(events["campaigns"], "campaign_id")
    table = table.select(
        *_KEY,
        "arm",
        "probability",
        "assigned_on",
        "cutoff",
        "contact_cost",
        "redemption_cost",
        "margin_share",
    )
    for number, part in enumerate(parts):
        table = table.left_join(part, _KEY, rname=f"{{name}}_of_{number}")
    redeemed = _.redeemed if "outcomes" in events else ibis.literal(0)
    nothing = _.amount.isnull()
    share = _.amount * _.margin_share
    margin = (_.uncosted > 0).ifelse(share, _.margin)
    return table.select(
        *_KEY,
        "arm",
        "probability",
        "assigned_on",
        "cutoff",
        label=_.label.fill_null(0).cast("int8"),
        label_before=_.label_before.fill_null(0).cast("int8"),
        amount=_.amount.fill_null(0.0).cast("float64"),
        amount_before=_.amount_before.fill_null(0.0).cast("float64"),
        margin=nothing.ifelse(0.0, margin.cast("float64")),
        redeemed=(redeemed.fill_null(0) > 0).cast("int8"),
        contact_cost=_.contact_cost.fill_null(0).cast("float64"),
        redemption_cost=_.redemption_cost.fill_null(0).cast("float64"),
    ).order_by(_KEY)


def build(
    project: Project,
    model: LiftModel,
    grains: Grains,
    cutoffs: LiftCutoffs,
    *,
    labelled: bool = True,
) -> None:
    """Write the outcomes of the chosen campaigns, one folder a cut-off; see `outcome_table`.

    Without `labelled`, nothing: who is scored is in the snapshot.
    """
    if not labelled:
        return
    for notice in cutoffs.notices:
        Console(stderr=True, highlight=False).print(f"{model.name}: {notice}")
    name, connection = model.name, grains.connection
    window = outcome_window(model, project.params.models[name])
    table = connection.create_table(
        "lift_outcomes",
        outcome_table(
            grains,
            model,
            campaigns=list(cutoffs.campaigns),
            window=window,
            known_before=cutoffs.score,
            time_zone=project.params.time_zone,
        ),
        temp=True,
        overwrite=True,
    )
    for as_of in cutoffs.labelled:
        rows = table.filter(_.cutoff == ibis.literal(as_of)).drop("cutoff").order_by(_KEY)
        with whole_folder(label_folder(project.artifacts, name, as_of)) as folder:
            part = folder / "part-0.parquet"
            connection.to_parquet(rows, part, compression="zstd")
            written = connection.read_parquet(part)
            write_json(
                folder / "manifest.json",
                {
                    "model": name,
                    "as_of": as_of,
                    "label": model.label.name,
                    **window._asdict(),
                    "known_before": cutoffs.score,
                    "rows": int(written.count().execute()),
                    "positives": int(written.label.sum().execute() or 0),
                    "files": {part.name: file_digest(part)},
                },
            )
    connection.drop_table("lift_outcomes")


def _lines(events: dict[str, ir.Table]) -> ir.Table:
    """Return receipt lines, returns included, with what each left after its cost."""
    lines = events["transactions"].filter(_.customer_id.notnull())
    lines = lines.select(
        "customer_id", "product_id", "event_on", "available_on", "quantity", "amount"
    )
    if "products" not in events:
        return lines.mutate(margin=ibis.null("float64"))
    costs = events["products"].select("product_id", "unit_cost")
    priced = lines.left_join(costs, "product_id")
    margin = priced.amount.cast("float64") - priced.quantity.cast(
        "float64"
    ) * priced.unit_cost.cast("float64")
    return priced.mutate(margin=margin).select(
        "customer_id", "event_on", "available_on", "amount", "margin"
    )
