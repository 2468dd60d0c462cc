"""The retailer before anybody shops: calendar, shelves, stores, plans. Shared by all blocks."""

from dataclasses import dataclass
from datetime import date

from pipeline.simulator.baskets import Baskets
from pipeline.simulator.calendar import Calendar, calendar
from pipeline.simulator.campaigns import campaign_starts
from pipeline.simulator.card import Card
from pipeline.simulator.catalogue import Catalogue, build_catalogue
from pipeline.simulator.clock import Clock
from pipeline.simulator.demand import Demand, build_demand
from pipeline.simulator.editions import Editions
from pipeline.simulator.moments import Moments
from pipeline.simulator.outlets import Outlets, build_outlets
from pipeline.simulator.preset import Preset
from pipeline.simulator.promotions import Promotions, plan_promotions
from pipeline.simulator.receipts import Receipts

#: Carries newsletters where no campaign names another channel.
LETTER_CHANNEL = "email"


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that members of all blocks meet."""

    preset: Preset
    seed: int
    calendar: Calendar
    catalogue: Catalogue
    outlets: Outlets | None
    demand: Demand
    clock: Clock
    moments: Moments
    editions: Editions
    promotions: Promotions
    baskets: Baskets
    receipts: Receipts
    card: Card | None
    campaign_starts: tuple[int, ...]

    @property
    def letter_channel(self) -> str:
        """The channel of newsletters and campaigns."""
        rules = self.preset.campaigns
        return LETTER_CHANNEL if rules is None else rules.channel


def build_world(preset: Preset, *, members: int, start: date, until: date, seed: int) -> World:
    """Set the stage for a number of members and a period."""
    days = calendar(start, until, preset.country_holidays)
    catalogue = build_catalogue(preset, days, seed)
    outlets = build_outlets(preset, days, members, seed)
    moments = Moments(preset, days)
    editions = Editions(preset, catalogue)
    promotions = plan_promotions(preset, days, catalogue, outlets, seed=seed)
    return World(
        preset=preset,
        seed=seed,
        calendar=days,
        catalogue=catalogue,
        outlets=outlets,
        demand=build_demand(preset, days, catalogue),
        clock=Clock(preset, days),
        moments=moments,
        editions=editions,
        promotions=promotions,
        baskets=Baskets(preset, promotions, days.days),
        receipts=Receipts(
            preset,
            catalogue=catalogue,
            outlets=outlets,
            promotions=promotions,
            editions=editions,
            moments=moments,
            days=days.days,
        ),
        card=None if preset.card is None else Card(preset, preset.card, days, outlets),
        campaign_starts=tuple(
            [] if preset.campaigns is None else campaign_starts(preset.campaigns, days)
        ),
    )
