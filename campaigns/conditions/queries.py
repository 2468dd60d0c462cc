"""Turn each condition into the query of who meets it."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import reduce
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir
from ibis import _

from campaigns.conditions import condition as c
from campaigns.conditions.errors import ConditionError
from campaigns.conditions.facts import Facts, compares, holds
from campaigns.conditions.parts import Range
from features.tables import Customers
from pipeline.zones import local_date

#: What is known of a person and is no column of `customers`.
_DERIVED = ("age", "member_days", "card")
_UNASKED = ("customer_id", "valid_from", "valid_to")
_SEPARATOR = "|"


class Answer(NamedTuple):
    """Who meets a condition.

    Attributes
    ----------
    customers : Table
        `customer_id`, distinct.
    others : bool
        Whether it is everybody but these.
    """

    customers: ir.Table
    others: bool = False


def who(condition: Any, facts: Facts) -> Answer:
    """Return the query of who meets a condition that holds no other.

    Raises
    ------
    ConditionError
        If it names what there is not.
    """
    return _ASKED[type(condition)](condition, facts)


def compiled(condition: Any, facts: Facts, customers: ir.Table) -> ir.BooleanValue:
    """Return the whole condition as one expression over a table with `customer_id`."""
    if isinstance(condition, c.Not):
        return ~compiled(condition.negated, facts, customers)
    if isinstance(condition, c.AllOf | c.AnyOf):
        both = ibis.and_ if isinstance(condition, c.AllOf) else ibis.or_
        return both(*(compiled(one, facts, customers) for one in c.parts_of(condition)))
    answer = who(condition, facts)
    among = customers.customer_id.isin(answer.customers.customer_id)
    return ~among if answer.others else among


def fields() -> tuple[str, ...]:
    """Return what may be asked of a person."""
    general = [one.name for one in Customers.columns() if one.purpose == "general"]
    return (*(name for name in general if name not in _UNASKED), *_DERIVED)


def _customer(condition: c.CustomerIs, facts: Facts) -> Answer:
    name = condition.customer
    if name not in fields():
        raise ConditionError(
            f"nothing is known of customers as {name}, or lists may not use it. There are: "
            f"{', '.join(fields())}."
        )
    people = facts.people()
    if name not in people.columns:
        raise ConditionError(f"the data do not say of customers what {name} they have.")
    if name == "interests":
        return _interested(condition, people)
    return _those(people.filter(compares(people[name], condition)))


def _interested(condition: c.CustomerIs, people: ir.Table) -> Answer:
    each = people.select("customer_id", interest=people.interests.split(_SEPARATOR)).unnest(
        "interest", keep_empty=True
    )
    if condition.not_in is None:
        return _those(each.filter(compares(each.interest, condition)))
    return Answer(_ids(each.filter(each.interest.isin(condition.not_in))), others=True)


def _feature(condition: c.FeatureIs, facts: Facts) -> Answer:
    snapshot = facts.snapshot()
    if condition.feature not in snapshot.columns or condition.feature in ("customer_id", "as_of"):
        raise ConditionError(
            f"the snapshot of {facts.as_of} has no feature {condition.feature}. `shortlist "
            "features` lists them."
        )
    return _those(snapshot.filter(compares(snapshot[condition.feature], condition)))


def _bought(condition: c.Bought, facts: Facts) -> Answer:
    lines = _in_time(facts.lines(condition.bought), condition, facts)
    if condition.store is not None:
        lines = lines.filter(lines.store_id.isin(condition.store))
    if condition.channel is not None:
        lines = lines.filter(lines.channel.isin(condition.channel))
    sums = {
        "times": (condition.times, lines.order_id.nunique(where=lines.kind == "sale")),
        "pieces": (condition.pieces, lines.quantity.sum()),
        "amount": (condition.amount, lines.amount.sum()),
    }
    if sums["times"][0] == c.ONCE and condition.pieces is None and condition.amount is None:
        return _those(lines.filter(lines.kind == "sale"))
    return _counted(lines, {name: asked for name, asked in sums.items() if asked[0] is not None})


def _contacted(condition: c.Contacted, facts: Facts) -> Answer:
    asked = condition.contacted
    rows = _in_time(facts.table("contacts"), condition, facts)
    rows = _one_of(rows, campaign_id=asked.campaign, channel=asked.channel, status=asked.status)
    return _counted(rows, {"times": (condition.times, rows.count())})


def _interacted(condition: c.Interacted, facts: Facts) -> Answer:
    asked = condition.interacted
    rows = _in_time(facts.table("interactions"), condition, facts)
    rows = _one_of(rows, kind=asked.kind, subject=asked.subject)
    return _counted(rows, {"times": (condition.times, rows.count())})


def _counted(rows: ir.Table, asked: dict[str, tuple[Any, ir.Value]]) -> Answer:
    """Count the rows of each customer; whoever has none counts 0 of everything."""
    each = rows.group_by("customer_id").aggregate(
        **{name: sum_ for name, (_r, sum_) in asked.items()}
    )
    held = ibis.and_(*(holds(each[name], range_) for name, (range_, _s) in asked.items()))
    if all(0 in range_ for range_, _s in asked.values()):
        return Answer(each.filter(~held).select("customer_id"), others=True)
    return Answer(each.filter(held).select("customer_id"))


def _owed(condition: c.Owed, facts: Facts) -> Answer:
    bought = facts.lines(condition.owed)
    earned = bought.group_by("customer_id").aggregate(bought=bought.quantity.sum())
    gifts = facts.lines(condition.gift)
    sent = gifts.group_by("customer_id").aggregate(sent=gifts.quantity.sum())
    both = earned.left_join(sent, "customer_id")
    owed = (both.bought / condition.for_every).floor() - both.sent.fill_null(0.0)
    return _those(both.filter(owed >= condition.at_least))


def _runs_out(condition: c.RunsOut, facts: Facts) -> Answer:
    """Supplies add up: what is bought early is used after what is still there.

    A supply ends at the latest of all days on which, with nothing left, what was bought from
    then on lasts.
    """
    lines = facts.lines(condition.runs_out)
    lasting = (
        facts.table("products")
        .filter(_.days_of_supply > 0)
        .select("product_id", "days_of_supply", supply=ibis.coalesce(_.family, _.product_id))
    )
    days_of = (
        lines.mutate(day=local_date(lines.event_time, facts.zone))
        .join(lasting, "product_id")
        .group_by(["customer_id", "supply", "day"])
        .aggregate(days=(_.quantity * _.days_of_supply).sum())
        .filter(_.days > 0)
    )
    later = ibis.window(
        group_by=["customer_id", "supply"], order_by=_.day.desc(), preceding=None, following=0
    )
    day = ibis.literal(facts.as_of)
    ends = days_of.mutate(ends=_.days.sum().over(later) - day.delta(days_of.day, unit="day"))
    left = ends.group_by(["customer_id", "supply"]).aggregate(left=_.ends.max())
    return Answer(
        _ids(left.filter(_.left >= -condition.overdue_days, _.left < condition.within_days))
    )


def _due(condition: c.Due, facts: Facts) -> Answer:
    return _those(due_rows(condition, facts))


def due_rows(condition: c.Due, facts: Facts) -> ir.Table:
    """Return the scores of whom is due, a row for each category that they are due in."""
    rows = facts.scores("repurchase_timing")
    until = facts.as_of + timedelta(days=condition.within_days)
    rows = rows.filter(rows.due_on >= ibis.literal(facts.as_of), rows.due_on < ibis.literal(until))
    if condition.probability is not None:
        rows = rows.filter(holds(rows.probability, condition.probability))
    return _one_of(rows, category=condition.due.category)


def _anniversary(condition: c.Anniversary, facts: Facts) -> Answer:
    people = facts.people()
    name = condition.anniversary
    if name not in fields() or name not in people.columns or not people[name].type().is_date():
        raise ConditionError(f"customers have no date {name}; joined_on is one.")
    days = [facts.as_of + timedelta(days=ahead) for ahead in range(condition.within_days)]
    met = reduce(lambda one, other: one | other, (_returns(people[name], day) for day in days))
    return _those(people.filter(met & (people[name] < ibis.literal(facts.as_of))))


def _returns(first: ir.DateValue, day: date) -> ir.BooleanValue:
    """Whether a date returns on a day; the 29th of February does on the 28th of other years."""
    same = (first.month() == day.month) & (first.day() == day.day)
    leap = (day + timedelta(days=1)).day == 29  # noqa: PLR2004 - of February
    if (day.month, day.day) == (2, 28) and not leap:
        same |= (first.month() == 2) & (first.day() == 29)  # noqa: PLR2004
    return same


def _consented(condition: c.Consented, facts: Facts) -> Answer:
    rows = facts.table("consents")
    rows = rows.filter(rows.channel == condition.consent, rows.purpose == condition.purpose)
    latest = rows.group_by("customer_id").aggregate(granted=rows.granted.argmax(rows.event_time))
    return _those(latest.filter(latest.granted))


def _answered(condition: c.Answered, facts: Facts) -> Answer:
    rows = facts.table("surveys")
    rows = rows.filter(rows.kind == condition.answered)
    latest = rows.group_by("customer_id").aggregate(answer=rows.answer.argmax(rows.event_time))
    return _those(_one_of(latest, answer=condition.one_of).filter(_.answer.notnull()))


def _scored(condition: c.Scored, facts: Facts) -> Answer:
    rows = facts.scores(condition.score)
    value = "probability" if "probability" in rows.columns else "effect"
    best = rows.group_by("customer_id").aggregate(value=rows[value].max())
    range_ = Range(at_least=condition.at_least, at_most=condition.at_most)
    if condition.best_share is not None:
        order = ibis.window(order_by=[best.value.desc(), best.customer_id])
        placed = best.mutate(place=ibis.row_number().over(order), among=best.count().over())
        best = placed.filter(placed.place < placed.among * condition.best_share)
    return _those(best.filter(holds(best.value, range_)))


def _in_list(condition: c.InList, facts: Facts) -> Answer:
    return _those(facts.members(condition.in_list))


def _in_time(rows: ir.Table, condition: c.Counted, facts: Facts) -> ir.Table:
    return facts.within(
        rows, days=condition.within_days, since=condition.since, until=condition.until
    )


def _one_of(rows: ir.Table, **columns: tuple[str, ...] | None) -> ir.Table:
    for name, texts in columns.items():
        if texts is not None:
            rows = rows.filter(rows[name].isin(texts))
    return rows


def _ids(rows: ir.Table) -> ir.Table:
    return rows.select("customer_id").distinct()


def _those(rows: ir.Table) -> Answer:
    return Answer(_ids(rows))


_ASKED: dict[type, Callable[[Any, Facts], Answer]] = {
    c.CustomerIs: _customer,
    c.FeatureIs: _feature,
    c.Bought: _bought,
    c.Owed: _owed,
    c.RunsOut: _runs_out,
    c.Due: _due,
    c.Anniversary: _anniversary,
    c.Consented: _consented,
    c.Contacted: _contacted,
    c.Interacted: _interacted,
    c.Answered: _answered,
    c.Scored: _scored,
    c.InList: _in_list,
}
