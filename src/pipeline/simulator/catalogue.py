"""The products on offer: every family's brands, generations and editions, and their prices."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.simulator.calendar import Calendar
from pipeline.simulator.preset import Family, Preset
from pipeline.simulator.randomness import stream

#: Days for which an edition stays on sale after its successor's launch.
RUN_OUT_DAYS = 120
FAR_AWAY_DAYS = 100_000
#: How quickly the attraction of a launch fades.
HEAT_DAYS = 45.0
DEARER_EACH_GENERATION = 0.02


class Edition(NamedTuple):
    """One product: an edition of a generation of a brand's line within a family."""

    family: int
    brand: int
    generation: int
    language: int
    name: str
    relative_price: float
    price: float
    cost: float
    launched: int
    withdrawn: int


@dataclass(frozen=True)
class Catalogue:
    """Products as arrays of shape (n_products,), ordered by family.

    Attributes
    ----------
    family, brand, generation : array of int
        Position of the family in the preset, of the brand within the family; from 1.
    language : array of int
        Position among the preset's languages; -1 where the edition has none.
    relative_price : array of float
        Price of the edition relative to the middle of its family.
    price, cost : array of float
        In the retailer's currency.
    launched, withdrawn : array of int
        First day on sale, first day no longer on sale, as days of the calendar.
    table : pyarrow.Table
        The `products` table.
    """

    family: NDArray[np.int64]
    brand: NDArray[np.int64]
    generation: NDArray[np.int64]
    language: NDArray[np.int64]
    relative_price: NDArray[np.float64]
    price: NDArray[np.float64]
    cost: NDArray[np.float64]
    launched: NDArray[np.int64]
    withdrawn: NDArray[np.int64]
    table: pa.Table

    @property
    def ids(self) -> pa.Array:
        """The products' identifiers."""
        return self.table["product_id"].combine_chunks()

    def launch_heat(self, n_families: int, days: int) -> NDArray[np.float64]:
        """Return how new a family's newest generation is, in [0, 1]: shape (days, families)."""
        heat = np.zeros((days, n_families))
        for family, launched in zip(self.family, self.launched, strict=True):
            first = max(int(launched), 0)
            ages = np.arange(first, days) - int(launched)
            heat[first:, family] = np.maximum(heat[first:, family], np.exp(-ages / HEAT_DAYS))
        return heat

    def on_sale(self, n_families: int, days: int) -> NDArray[np.bool_]:
        """Return whether a family has an edition on sale: shape (days, families)."""
        sold = np.zeros((days, n_families), dtype=bool)
        for family, first, last in zip(self.family, self.launched, self.withdrawn, strict=True):
            sold[max(int(first), 0) : max(int(last), 0), family] = True
        return sold


def build_catalogue(preset: Preset, calendar: Calendar, seed: int) -> Catalogue:
    """Draw the launches and prices of every family."""
    editions = list(_editions(preset, calendar, stream(seed, "products")))
    return Catalogue(
        family=np.array([e.family for e in editions]),
        brand=np.array([e.brand for e in editions]),
        generation=np.array([e.generation for e in editions]),
        language=np.array([e.language for e in editions]),
        relative_price=np.array([e.relative_price for e in editions]),
        price=np.array([e.price for e in editions]),
        cost=np.array([e.cost for e in editions]),
        launched=np.array([e.launched for e in editions]),
        withdrawn=np.array([e.withdrawn for e in editions]),
        table=_products_table(preset, calendar, editions),
    )


def _editions(preset: Preset, calendar: Calendar, rng: np.random.Generator) -> Iterator[Edition]:
    for position, family in enumerate(preset.families):
        for brand in range(len(family.brands)):
            level = float(np.exp(rng.normal(0, 0.12)))
            launches = _launches(family, calendar, rng)
            withdrawals = [successor + RUN_OUT_DAYS for successor in launches[1:]]
            periods = zip(launches, [*withdrawals, FAR_AWAY_DAYS], strict=True)
            for generation, (launched, withdrawn) in enumerate(periods, start=1):
                dearer = level * (1 + DEARER_EACH_GENERATION * generation)
                for language, (edition, relative) in product(
                    family.languages or (None,), family.editions.items()
                ):
                    price = _shelf_price(family.price * relative * dearer, preset.currency_decimals)
                    cost = price * family.cost_share * float(rng.uniform(0.94, 1.06))
                    yield Edition(
                        family=position,
                        brand=brand,
                        generation=generation,
                        language=-1 if language is None else preset.languages.index(language),
                        name=edition,
                        relative_price=relative,
                        price=price,
                        cost=round(cost, preset.currency_decimals),
                        launched=launched,
                        withdrawn=withdrawn,
                    )


def _products_table(preset: Preset, calendar: Calendar, editions: list[Edition]) -> pa.Table:
    families = [preset.families[e.family] for e in editions]
    brands = [f.brands[e.brand] for f, e in zip(families, editions, strict=True)]
    versions = [
        f"{e.generation}.0" if f.cadence_days else None
        for f, e in zip(families, editions, strict=True)
    ]
    languages = [None if e.language < 0 else preset.languages[e.language] for e in editions]
    return pa.table(
        {
            "product_id": [f"P{number:05d}" for number in range(1, len(editions) + 1)],
            "name": [
                " ".join(
                    word
                    for word in (brand, f.title, e.name if len(f.editions) > 1 else "", version)
                    if word
                )
                for f, e, brand, version in zip(families, editions, brands, versions, strict=True)
            ],
            "brand": brands,
            "category": [f.path[0] for f in families],
            "category_2": [f.path[1] for f in families],
            "category_3": [f.title for f in families],
            "list_price": [e.price for e in editions],
            "unit_cost": [e.cost for e in editions],
            "launched_on": [calendar.start + timedelta(e.launched) for e in editions],
            "withdrawn_on": pa.array(
                [
                    None
                    if e.withdrawn >= calendar.days
                    else calendar.start + timedelta(e.withdrawn)
                    for e in editions
                ],
                pa.date32(),
            ),
            "family": [
                f"{f.name}-{brand.lower().replace(' ', '-')}"
                for f, brand in zip(families, brands, strict=True)
            ],
            "generation": [e.generation for e in editions],
            "version": pa.array(versions, pa.string()),
            "language": pa.array(languages, pa.string()),
            "days_of_supply": pa.array([f.supply_days for f in families], pa.float64()),
            "purpose": ["health" if f.health else "general" for f in families],
            "attributes": [
                json.dumps({"edition": e.name, "role": f.role})
                for f, e in zip(families, editions, strict=True)
            ],
        }
    )


def _launches(family: Family, calendar: Calendar, rng: np.random.Generator) -> list[int]:
    if family.first_launch_days_before_end is not None:
        return [calendar.days - family.first_launch_days_before_end]
    if family.cadence_days == 0:
        return [-int(rng.integers(200, 1500))]
    # The generation on sale at the start was launched at most one cadence earlier, and its
    # predecessor may still be running out.
    launch = -family.cadence_days - int(rng.integers(0, family.cadence_days))
    launches = []
    while launch < calendar.days:
        launches.append(launch)
        launch += int(family.cadence_days * rng.uniform(0.85, 1.15))
    return launches


def _shelf_price(price: float, decimals: int) -> float:
    """Return a price as shops write it: ending in 90, or in .99 where there are cents.

    Examples
    --------
    >>> _shelf_price(12345.6, 0), _shelf_price(203.0, 0), _shelf_price(49.2, 2)
    (12390.0, 190.0, 49.99)
    """
    if decimals:
        return float(np.floor(price)) + 0.99
    return max(float(np.round((price - 90) / 100)) * 100 + 90, 90.0)
