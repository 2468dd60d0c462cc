"""Untargeted contacts, how they tire members, and who withdraws consent because of them."""

from dataclasses import dataclass

import numpy as np

from pipeline.simulator.journal import Flags, Floats, Ints
from pipeline.simulator.members import Members
from pipeline.simulator.preset import Preset
from pipeline.simulator.randomness import stream

#: Newsletters are known for this long before the end.
SENT_FOR_DAYS = 720
FATIGUE_DAYS = 60
#: Chance to withdraw consent after one contact, and what each recent one adds to it.
WITHDRAWS = 0.002
WITHDRAWS_TIRED = 0.003
OTHER_WITHDRAWALS_PER_YEAR = 0.04
GRANTED_AGAIN_SHARE = 0.15
OPENED_SHARE = 0.22
CLICKED_SHARE = 0.15
BOUNCED_SHARE = 0.015


@dataclass(frozen=True, kw_only=True)
class Consent:
    """Consent to marketing by one channel, by member: days; infinity for never.

    Attributes
    ----------
    granted, withdrawn, again : array of shape (n_members,)
        Day of each choice. Who never agreed has `granted` at infinity.
    """

    granted: Floats
    withdrawn: Floats
    again: Floats

    def holds(self, day: float) -> Flags:
        """Return who may be contacted on a day."""
        first = (self.granted <= day) & (day < self.withdrawn)
        return np.asarray(first | (self.again <= day))


@dataclass(frozen=True, kw_only=True)
class Newsletters:
    """Contacts of one block, ordered by member and time; shape (n_contacts,)."""

    member: Ints
    time: Floats
    bounced: Flags
    opened: Flags
    clicked: Flags

    def recent(self, members: int, day: float) -> Ints:
        """Return how many each member received in the last `FATIGUE_DAYS`."""
        key = self.member * 1e6 + self.time
        who = np.arange(members) * 1e6
        low, high = max(day - FATIGUE_DAYS, 0.0), max(day, 0.0)
        return np.searchsorted(key, who + high) - np.searchsorted(key, who + low)


def send_newsletters(
    preset: Preset, members: Members, days: int, channel: str, *, seed: int, block: int
) -> tuple[Newsletters, Consent]:
    """Draw consent and newsletters together: the more there are, the sooner it is withdrawn."""
    rng, count = stream(seed, "newsletters", block), len(members)
    joined = members.joined + rng.random(count)
    agrees = rng.random(count) < preset.marketing_channels.get(channel, 0.0)
    other = joined + rng.exponential(365.25 / OTHER_WITHDRAWALS_PER_YEAR, count)
    # How often somebody is written to differs by what they signed up for.
    rate = preset.newsletters_per_year / 365.25 * rng.gamma(1.5, 1 / 1.5, count)
    begin = np.maximum(days - SENT_FOR_DAYS, np.maximum(members.joined + 1, 0)).astype(float)
    sent = rng.poisson(np.where(agrees, rate * np.maximum(days - begin, 0), 0.0))
    member = np.repeat(np.arange(count), sent)
    time = begin[member] + rng.random(len(member)) * (days - begin[member])
    order = np.lexsort((time, member))
    member, time = member[order], time[order]
    key = member * 1e6 + time
    earlier = np.searchsorted(key, member * 1e6 + np.maximum(time - FATIGUE_DAYS, 0))
    recent = np.arange(len(member)) - earlier
    annoyed = rng.random(len(member)) < WITHDRAWS + WITHDRAWS_TIRED * recent
    withdrawn = np.where(agrees, other, np.inf)
    np.minimum.at(withdrawn, member[annoyed], time[annoyed] + 1e-4)
    kept = time < withdrawn[member]
    opened = rng.random(len(member)) < OPENED_SHARE
    clicked = opened & (rng.random(len(member)) < CLICKED_SHARE)
    bounced = rng.random(len(member)) < BOUNCED_SHARE
    again = withdrawn + rng.exponential(200.0, count)
    comes_back = agrees & (rng.random(count) < GRANTED_AGAIN_SHARE) & np.isfinite(withdrawn)
    return (
        Newsletters(
            member=member[kept],
            time=time[kept],
            bounced=bounced[kept],
            opened=(opened & ~bounced)[kept],
            clicked=(clicked & ~bounced)[kept],
        ),
        Consent(
            granted=np.where(agrees, joined, np.inf),
            withdrawn=withdrawn,
            again=np.where(comes_back, again, np.inf),
        ),
    )
