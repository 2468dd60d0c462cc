"""What a simulated retailer is made of. A preset is data: it draws nothing and reads nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Role = Literal["durable", "accessory", "consumable", "gift"]


@dataclass(frozen=True, kw_only=True)
class Family:
    """Editions that succeed each other: what a customer decides for, before the edition.

    Attributes
    ----------
    name, title : str
        Identifier, and the words printed on the receipt.
    path : tuple of str
        Category path, two levels; the title is the third.
    role : str
        `durable` suppresses a second purchase for a while; `accessory` is bought beside
        something; `consumable` runs out and is bought again on the member's own cycle;
        `gift` is given away.
    price : float
        Typical list price of the middle edition, in the retailer's currency.
    brands : tuple of str
        Brands on offer; each has its own line of generations.
    editions : mapping of str to float
        Editions of a generation, with the price relative to `price`.
    popularity : float
        Weight of the family on a planned shopping trip; 0 for what is never planned.
    impulse : float
        Chance per trip to be taken along unplanned, the same for everybody.
    cadence_days : int
        Days between generations; 0 for a family that is never renewed.
    life_days : int
        Typical days until a durable is replaced.
    supply_days : float or None
        How long one piece of a consumable lasts at a usage of 1.
    machine : str or None
        The durable whose purchase starts the consumable's cycle.
    starters : float
        Share of members who use the consumable without owning a machine.
    season : mapping of str to float
        Effect on the log-weight, by season name.
    """

    name: str
    title: str
    path: tuple[str, str]
    role: Role
    price: float
    brands: tuple[str, ...]
    editions: Mapping[str, float] = field(default_factory=lambda: {"standard": 1.0})
    popularity: float = 0.0
    impulse: float = 0.0
    cadence_days: int = 0
    life_days: int = 1
    supply_days: float | None = None
    machine: str | None = None
    starters: float = 0.0
    season: Mapping[str, float] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    health: bool = False
    cost_share: float = 0.7
    first_launch_days_before_end: int | None = None


@dataclass(frozen=True, kw_only=True)
class Companion:
    """A planted association: who takes `lead` adds `companion` with this probability."""

    lead: str
    companion: str
    probability: float


@dataclass(frozen=True, kw_only=True)
class LifeStage:
    """A stage of life: who they are, how much they buy, and of what.

    Attributes
    ----------
    share : float
        Share of members; the stages of a preset add up to 1.
    ages : tuple of int
        Youngest and oldest age at the end of the period.
    married, children : float
        Probability to be married; mean number of children.
    rate : float
        Purchase rate relative to the mean.
    season : str
        Name of the calendar (see `calendar.py`) that the stage shops by.
    tastes : mapping of str to float
        Effect on the log-weight of a first-level category or a family.
    income : float
        Mean income band, on a scale of 0 to 4.
    """

    name: str
    share: float
    ages: tuple[int, int]
    married: float
    children: float
    rate: float
    income: float
    season: str
    tastes: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Region:
    """A region: its cities with their postal codes, its share of members, its languages."""

    name: str
    share: float
    cities: Mapping[str, str]
    languages: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Activity:
    """How often members shop, how regularly, and how they leave.

    Attributes
    ----------
    orders_per_year : float
        Mean rate of planned trips of a member who has not left.
    gamma_shape, lognormal_sigma : float
        The personal rate is the mean times a gamma times a log-normal variable.
    regularity : mapping of int to float
        Shares of members by the Erlang shape of their gaps: 1 is memoryless, 6 is a cycle.
    leaving : float
        Mean probability to leave for good after a trip.
    leaving_spread : float
        Standard deviation of its log-odds between members.
    leaving_after_return : float
        What a return adds to those log-odds.
    """

    orders_per_year: float
    gamma_shape: float
    lognormal_sigma: float
    regularity: Mapping[int, float]
    leaving: float
    leaving_spread: float
    leaving_after_return: float


@dataclass(frozen=True, kw_only=True)
class CardRules:
    """The co-branded card.

    Attributes
    ----------
    launched_days_before_end : int
        When members could first apply.
    level : float
        Log of the daily chance to apply of an average member.
    hidden_spread : float
        Standard deviation of what nobody can know, on the log scale.
    activation : float
        Share of approved cards that are ever used.
    """

    launched_days_before_end: int
    level: float
    hidden_spread: float
    activation: float


@dataclass(frozen=True, kw_only=True)
class CampaignRules:
    """Targeted, randomised campaigns.

    Attributes
    ----------
    count, every_days, window_days : int
        How many, how far apart, and for how many days outcomes count.
    last_days_before_end : int
        When the newest begins.
    share : float
        Share of the members with consent who take part.
    arms : mapping of str to float
        Arms with the probability to be drawn.
    channel : str
        The channel that carries them.
    strength : mapping of str to float
        Greatest chance by which an arm brings a member, by treated arm.
    same_effect : float, optional
        What every arm adds to everybody's chance of a visit, in place of effects that differ.
    """

    count: int
    every_days: int
    window_days: int
    last_days_before_end: int
    share: float
    arms: Mapping[str, float]
    channel: str
    strength: Mapping[str, float]
    contact_cost: float
    discount_share: float
    privilege_cost: float
    same_effect: float | None = None


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A retailer to simulate."""

    name: str
    title: str
    time_zone: str
    currency: str
    currency_decimals: int
    country_holidays: str
    open_hours: tuple[int, int]
    regions: tuple[Region, ...]
    life_stages: tuple[LifeStage, ...]
    families: tuple[Family, ...]
    companions: tuple[Companion, ...]
    activity: Activity
    members_per_store: int
    store_formats: Mapping[str, float]
    online_share: float
    online_channels: Mapping[str, float]
    marketing_channels: Mapping[str, float]
    interests: tuple[str, ...]
    join_share_at_start: float
    promotions_per_year: int = 0
    newsletters_per_year: float = 0.0
    card: CardRules | None = None
    campaigns: CampaignRules | None = None
    usage_spread: float = 0.35
    usage_household: float = 1.0
    gift_after_pieces: int = 0
    health_visits: bool = False

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language spoken by members or printed on editions."""
        spoken = [tag for region in self.regions for tag in region.languages]
        printed = [tag for family in self.families for tag in family.languages]
        return tuple(dict.fromkeys([*spoken, *printed]))

    def with_same_effect(self, effect: float) -> "Preset":
        """Return the same retailer with campaigns that change everybody's chance alike.

        Whoever finds customers who differ in the effect of such an offer has found noise.
        """
        if self.campaigns is None:
            return self
        return replace(self, campaigns=replace(self.campaigns, same_effect=effect))

    def at_pace(self, pace: float) -> "Preset":
        """Return the same retailer with members who come `pace` times as often.

        They leave as late in time as before, which is after `pace` times as many trips.
        """
        activity = replace(
            self.activity,
            orders_per_year=self.activity.orders_per_year * pace,
            leaving=self.activity.leaving / pace,
        )
        return replace(self, activity=activity)
