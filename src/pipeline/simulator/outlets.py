"""The stores of the chain and their sellers."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.simulator.calendar import Calendar
from pipeline.simulator.preset import Preset
from pipeline.simulator.randomness import stream

MOST_STORES = 400
SELLERS_PER_STORE = (3, 9)


@dataclass(frozen=True)
class Outlets:
    """Stores as arrays of shape (n_stores,); stores of a city lie next to each other.

    Attributes
    ----------
    city : array of int
        Position among the preset's cities, over all regions.
    first_in_city, count_in_city : array of int, by city
        Which stores a city has.
    format : array of int
        Position among the preset's formats.
    first_seller, sellers : array of int
        Which sellers a store has.
    """

    city: NDArray[np.int64]
    first_in_city: NDArray[np.int64]
    count_in_city: NDArray[np.int64]
    format: NDArray[np.int64]
    first_seller: NDArray[np.int64]
    sellers: NDArray[np.int64]
    stores: pa.Table
    salespeople: pa.Table


def build_outlets(preset: Preset, calendar: Calendar, members: int, seed: int) -> Outlets | None:
    """Place the stores: at least one in each city, the rest where the members are.

    Returns none for a retailer without stores.
    """
    if preset.members_per_store == 0:
        return None
    rng = stream(seed, "stores")
    cities = [(region.name, city) for region in preset.regions for city in region.cities]
    weight = np.array([r.share / len(r.cities) for r in preset.regions for _ in r.cities])
    total = min(max(len(cities), members // preset.members_per_store), MOST_STORES)
    count = 1 + rng.multinomial(total - len(cities), weight / weight.sum())
    city = np.repeat(np.arange(len(cities)), count)
    shares = np.array(list(preset.store_formats.values()))
    chosen = rng.choice(len(shares), size=total, p=shares / shares.sum())
    formats = list(preset.store_formats)
    opened = [calendar.start - timedelta(int(d)) for d in rng.integers(200, 5000, size=total)]
    sellers = rng.integers(*SELLERS_PER_STORE, size=total)
    store_ids = [f"S{index + 1:04d}" for index in range(total)]
    stores = pa.table(
        {
            "store_id": store_ids,
            "region": [cities[c][0] for c in city],
            "city": [cities[c][1] for c in city],
            "format": [formats[f] for f in chosen],
            "opened_on": opened,
        }
    )
    salespeople = pa.table(
        {
            "salesperson_id": [f"E{index + 1:05d}" for index in range(int(sellers.sum()))],
            "store_id": [store_ids[s] for s in np.repeat(np.arange(total), sellers)],
        }
    )
    return Outlets(
        city=city,
        first_in_city=np.cumsum(count) - count,
        count_in_city=count,
        format=chosen,
        first_seller=np.cumsum(sellers) - sellers,
        sellers=sellers,
        stores=stores,
        salespeople=salespeople,
    )
