"""The co-branded card: who applies, when, and what the bank makes of it.

From its launch on, a member without the card applies on any day with the chance

    exp(level + drivers_i + hidden_i) x season

The drivers are what a retailer can know at the beginning of the month; `hidden_i` is nobody's
to know: a card of another bank, a quarrel, a friend at the counter. The bank approves, and
the member activates, with a chance and a delay of their own.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.simulator.calendar import Calendar, months_before
from pipeline.simulator.journal import Floats, Ints
from pipeline.simulator.members import Members
from pipeline.simulator.moments import Moments, known, stored
from pipeline.simulator.outings import VisitTimes
from pipeline.simulator.outlets import Outlets
from pipeline.simulator.preset import CardRules, Preset
from pipeline.simulator.randomness import stream
from pipeline.simulator.texts import named, numbered

STEPS = ("applied", "approved", "declined", "activated", "cancelled")
#: Days from the application to the bank's answer, and from there to the first use.
DECIDE_SHAPE, DECIDE_SCALE = 2.0, 2.0
ACTIVATE_SHAPE, ACTIVATE_SCALE = 1.5, 5.0
CANCELLED_PER_YEAR = 0.08
GAP_DAYS, HORIZON_DAYS = 7, 90
_NODE_DAYS = 1.0


@dataclass(frozen=True, kw_only=True)
class CardHistory:
    """Days of each step by member, shape (n_members,); infinity for what never happened."""

    hidden: Floats
    applied: Floats
    approved: Floats
    declined: Floats
    activated: Floats
    cancelled: Floats

    def activated_ever(self) -> Ints:
        """Return the members who activated the card within the period."""
        return np.flatnonzero(np.isfinite(self.activated))


class Card:
    """The card of one retailer."""

    def __init__(
        self, preset: Preset, rules: CardRules, calendar: Calendar, outlets: Outlets | None
    ) -> None:
        self._preset, self._rules, self._calendar = preset, rules, calendar
        self._outlets = outlets
        self.launched = max(calendar.days - rules.launched_days_before_end, 0)
        effect = calendar.effect({"lunar_new_year": 0.25, "double_11": 0.35, "ghost_month": -0.2})
        self._season = np.exp(effect)
        self._delay = _delay_distribution()

    def drivers(self, members: Members, visits: VisitTimes, day: float) -> dict[str, Floats]:
        """Return what can be observed of each member at the beginning of a day.

        The names say what a feature would have to capture; a recency above 365 days, or
        none, is 365.
        """
        count = len(members)
        format_of_store = (
            np.zeros(count)
            if self._outlets is None
            else (self._outlets.format[members.home_store] == _flagship(self._preset))
        )
        return {
            "age": members.age.astype(float),
            "income": members.income.astype(float),
            "children": members.children.astype(float),
            "student": (members.age <= STUDENT_AGE).astype(float),
            "online": visits.online_share(count, day),
            "flagship": format_of_store.astype(float),
            "visits_365": visits.count(count, day, window_days=365).astype(float),
            "recency_days": np.minimum(visits.days_since(count, day), 365.0),
            "tenure_days": np.maximum(day - members.joined, 0.0),
        }

    def driver_log_odds(self, drivers: dict[str, Floats]) -> Floats:
        """Return the part of the log-hazard that the drivers explain, about 0 on average."""
        visits = np.log1p(drivers["visits_365"])
        middle_age = np.exp(-(((drivers["age"] - 42) / 14) ** 2))
        score = 0.70 * (middle_age - 0.6)
        score += 0.18 * (drivers["income"] - 2)
        score += 0.34 * (visits - 1.5)
        # A family with children takes it for the instalments, once it shops regularly.
        score += 0.55 * ((drivers["children"] > 0) & (drivers["visits_365"] >= 6))
        # Wealthy members who seldom come already have better cards.
        score -= 0.60 * ((drivers["income"] >= 3) & (drivers["visits_365"] <= 3))
        score -= 0.60 * drivers["student"]
        score -= 0.60 * np.maximum(drivers["online"] - 0.3, 0)
        score += 0.35 * drivers["flagship"]
        score -= 0.40 * (drivers["recency_days"] > 150)
        score += 0.35 * (drivers["tenure_days"] < 180)
        return np.asarray(score)

    def apply(self, members: Members, visits: VisitTimes, *, seed: int, block: int) -> CardHistory:
        """Draw the history of one block, month by month."""
        rng, count = stream(seed, "card_events", block), len(members)
        hidden = rng.normal(0, self._rules.hidden_spread, count)
        patience = rng.exponential(1.0, count)
        spent = np.zeros(count)
        applied = np.full(count, np.inf)
        months = -(-(self._calendar.days - self.launched) // 30) + 1
        for month in range(months):
            begin = float(self._month_start(month))
            end = float(self._month_start(month + 1))
            begin, end = max(begin, self.launched), min(end, self._calendar.days)
            if end <= begin:
                continue
            rate = np.exp(
                self._rules.level
                + self.driver_log_odds(self.drivers(members, visits, begin))
                + hidden
            )
            rate = np.where(members.joined < begin, rate, 0.0)
            season = float(self._season[int(begin) : int(end)].mean())
            step = rate * season * (end - begin)
            now = np.isinf(applied) & (spent + step >= patience)
            share = (patience - spent)[now] / step[now]
            applied[now] = begin + share * (end - begin)
            spent += step
        return self._decided(members, hidden, applied, rng)

    def _month_start(self, month: int) -> int:
        """Return the first day of a month of the card, counted back from the end."""
        whole = -(-(self._calendar.days - self.launched) // 30)
        return self._calendar.day_of(months_before(self._calendar.until, whole - month))

    def _decided(
        self, members: Members, hidden: Floats, applied: Floats, rng: np.random.Generator
    ) -> CardHistory:
        count, days = len(members), float(self._calendar.days)
        decided = applied + rng.gamma(DECIDE_SHAPE, DECIDE_SCALE, count)
        good = rng.random(count) < self.approval(members)
        used = decided + rng.gamma(ACTIVATE_SHAPE, ACTIVATE_SCALE, count)
        uses = good & (rng.random(count) < self._rules.activation)
        ends = used + rng.exponential(365.25 / CANCELLED_PER_YEAR, count)

        def happened(day: Floats, when: np.ndarray) -> Floats:
            return np.where(when & (day < days), day, np.inf)

        everyone = np.isfinite(applied)
        return CardHistory(
            hidden=hidden,
            applied=happened(applied, everyone),
            approved=happened(decided, everyone & good),
            declined=happened(decided, everyone & ~good),
            activated=happened(used, everyone & uses),
            cancelled=happened(ends, everyone & uses),
        )

    def approval(self, members: Members) -> Floats:
        """Return the bank's chance to approve, by income."""
        return np.asarray(0.76 + 0.05 * members.income)

    def events_table(
        self, members: Members, history: CardHistory, moments: Moments, *, seed: int, block: int
    ) -> pa.Table:
        """Return the `card_events` of one block."""
        rng = stream(seed, "card_events_known", block)
        days = [getattr(history, step) for step in STEPS]
        who = np.concatenate([np.flatnonzero(np.isfinite(d)) for d in days])
        step = np.concatenate([np.full(int(np.isfinite(d).sum()), i) for i, d in enumerate(days)])
        day = np.concatenate([d[np.isfinite(d)] for d in days])
        order = np.lexsort((day, who))
        happened = moments.happened(day[order], np.ones(len(order), bool))
        # The bank reports once a day.
        delay_us = (rng.uniform(0.1, 1.2, len(order)) * 86_400e6).astype(np.int64)
        return pa.table(
            {
                "customer_id": numbered("M", members.first + who[order] + 1, 8),
                "step": named(STEPS, step[order]),
                "event_time": stored(happened),
                "available_time": stored(np.maximum(known(happened, rng), happened + delay_us)),
            }
        )

    def truth(
        self, members: Members, visits: VisitTimes, history: CardHistory, day: int
    ) -> pa.Table:
        """Return the probability to activate within the window after a day, for non-holders.

        The drivers are taken as of that day, and held for the length of the window.
        """
        drivers = self.drivers(members, visits, float(day))
        score = self.driver_log_odds(drivers)
        taken = self.approval(members) * self._rules.activation
        explained = self._window(np.exp(self._rules.level + score), day) * taken
        whole = self._window(np.exp(self._rules.level + score + history.hidden), day) * taken
        pending = (history.applied < day) & (history.declined >= day)
        since = np.where(pending, day - history.applied, 0.0)
        before = self._delay_until(since)
        window = self._delay_until(since + GAP_DAYS + HORIZON_DAYS)
        window = window - self._delay_until(since + GAP_DAYS)
        waiting = taken * window / np.maximum(1 - taken * before, 1e-9)
        declined = history.declined < day
        state = np.where(declined, 2, np.where(pending, 1, 0))
        without = (history.activated >= day) & (members.joined < day) & (day >= self.launched)
        rows = np.flatnonzero(without)
        known_state = [
            np.where(pending, waiting, np.where(declined, 0.0, p)) for p in (whole, explained)
        ]
        return pa.table(
            {
                "customer_id": numbered("M", members.first + rows + 1, 8),
                "state": named(["open", "pending", "declined"], state[rows]),
                "probability": known_state[0][rows],
                "probability_drivers": known_state[1][rows],
                "log_odds_drivers": _logit(explained[rows]),
                "log_odds_hidden": (_logit(whole) - _logit(explained))[rows],
                "approval_share": self.approval(members)[rows],
                **{name: value[rows] for name, value in drivers.items()},
            }
        )

    def _window(self, rate: Floats, day: int) -> Floats:
        """Return the chance that an application after `day` ends in the window, if granted."""
        total, passed = np.zeros(len(rate)), 0.0
        for offset in range(GAP_DAYS + HORIZON_DAYS):
            season = float(self._season[day + offset])
            middle = offset + 0.5
            ends = self._delay_until(np.array([GAP_DAYS + HORIZON_DAYS - middle]))[0]
            if middle < GAP_DAYS:
                ends = ends - self._delay_until(np.array([GAP_DAYS - middle]))[0]
            applies = np.exp(-rate * passed) * -np.expm1(-rate * season)
            total += applies * ends
            passed += season
        return total

    def _delay_until(self, days: Floats) -> Floats:
        grid, share = self._delay
        return np.interp(days, grid, share)


STUDENT_AGE = 22


def _flagship(preset: Preset) -> int:
    return len(preset.store_formats) - 1


def _logit(share: Floats) -> Floats:
    inside = np.clip(share, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(inside / (1 - inside)))


def _delay_distribution() -> tuple[Floats, Floats]:
    """Return the distribution of the days from applying to activating, on a fine grid."""
    from scipy.special import gammainc

    step, longest = 0.1, 150.0
    grid = np.arange(0, longest, step)
    edges = np.append(grid, longest)
    decide = np.diff(gammainc(DECIDE_SHAPE, edges / DECIDE_SCALE))
    activate = np.diff(gammainc(ACTIVATE_SHAPE, edges / ACTIVATE_SCALE))
    both = np.convolve(decide, activate)[: len(grid)]
    return grid + step, np.cumsum(both)
