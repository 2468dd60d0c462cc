"""The co-branded card: whether a customer has it, and how far an application went."""

import ibis
import ibis.expr.types as ir
from ibis import _

from features.definition import feature, view
from features.grains import card_steps

#: In the order in which they follow each other where they happen at the same moment.
STEPS = ("applied", "approved", "declined", "activated", "cancelled")


@view(card_steps)
def card_history(rows: ir.Table) -> ir.Table:
    """One row per step of the card; `place` 0 is the newest one."""
    order = ibis.cases(*((_.step == step, rank) for rank, step in enumerate(STEPS)), else_=-1)
    newest = ibis.window(
        group_by=["customer_id", "as_of"], order_by=[_.event_time.desc(), _.step_rank.desc()]
    )
    return rows.mutate(step_rank=order).mutate(place=ibis.row_number().over(newest))


@feature(card_history, unit="text", en="State of the co-branded card", zh="聯名卡狀態")
def card_state(rows: ir.Table) -> ir.Value:
    """Newest step known at the cut-off: applied, approved, declined, activated or cancelled.

    Null for who never applied.
    """
    return rows.step.max(where=rows.place == 0)


@feature(card_history, unit="flag", en="Holds the co-branded card", zh="持有聯名卡", empty=0)
def holds_card(rows: ir.Table) -> ir.Value:
    """1 where the newest step is an activation, else 0; 0 for who never applied."""
    return ((rows.place == 0) & (rows.step == "activated")).cast("int64").max()


@feature(
    card_history,
    unit="days",
    en="Days since applying for the card",
    zh="距申請聯名卡天數",
)
def days_since_card_application(rows: ir.Table) -> ir.Value:
    """Whole days from the latest application, at least 1; null for who never applied."""
    return rows.days_before.min(where=rows.step == "applied")


@feature(
    card_history,
    unit="days",
    en="Days since activating the card",
    zh="距聯名卡啟用天數",
)
def days_since_card_activation(rows: ir.Table) -> ir.Value:
    """Whole days from the latest activation, at least 1; null for who never activated one."""
    return rows.days_before.min(where=rows.step == "activated")
