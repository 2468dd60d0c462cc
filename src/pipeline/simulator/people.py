"""The `customers` table: what the retailer recorded of its members, with gaps."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.simulator.calendar import Calendar
from pipeline.simulator.members import Ints, Members
from pipeline.simulator.preset import Preset
from pipeline.simulator.randomness import stream
from pipeline.simulator.texts import named, numbered

EDUCATION = ("primary", "high_school", "vocational", "university", "graduate")
INCOMES = ("under_400k", "400k_700k", "700k_1100k", "1100k_1700k", "over_1700k")
OCCUPATIONS = (
    "student",
    "services",
    "manufacturing",
    "technology",
    "public",
    "own_business",
    "retired",
)
UNANSWERED = {"education": 0.12, "occupation": 0.10, "income_band": 0.22, "marital_status": 0.08}


def customers_table(
    preset: Preset, calendar: Calendar, members: Members, *, seed: int, block: int
) -> pa.Table:
    """Return the members of one block; contact columns hold obviously invented values."""
    rng = stream(seed, "customers", block)
    count = len(members)
    number = members.first + 1 + np.arange(count)
    regions = [region.name for region in preset.regions]
    cities = [city for region in preset.regions for city in region.cities]
    postal = [code for region in preset.regions for code in region.cities.values()]
    joined = (np.datetime64(calendar.start) + members.joined).astype("datetime64[D]")

    def maybe(column: str) -> NDArray[np.bool_]:
        return rng.random(count) >= UNANSWERED[column]

    education = np.clip(
        np.round(2.2 + 0.45 * (members.income - 2) + rng.normal(0, 0.9, count)), 0, 4
    )
    return pa.table(
        {
            "customer_id": numbered("M", number, 8),
            "joined_on": pa.array(joined),
            "valid_from": pa.array(joined),
            "valid_to": pa.nulls(count, pa.date32()),
            "birth_year": pa.array(
                calendar.until.year - members.age, mask=rng.random(count) < 0.04
            ),
            "gender": named(
                ["male", "female"], members.female.astype(np.int64), rng.random(count) > 0.03
            ),
            "marital_status": named(
                ["single", "married"], members.married.astype(np.int64), maybe("marital_status")
            ),
            "education": named(EDUCATION, education.astype(np.int64), maybe("education")),
            "occupation": named(OCCUPATIONS, _occupation(members, rng), maybe("occupation")),
            "income_band": named(INCOMES, members.income, maybe("income_band")),
            "children": pa.array(members.children, mask=rng.random(count) < 0.15),
            "region": named(regions, members.region),
            "city": named(cities, members.city),
            "postal_code": _postal_codes(postal, members, rng),
            "language": named(preset.languages, members.language),
            "household_id": numbered("H", _household_number(members), 8),
            "email": _emails(number, rng.random(count) < 0.85),
            "phone": _phones(number),
            "address": _addresses(cities, members),
            "interests": _interests(preset, rng, count),
        }
    )


def _occupation(members: Members, rng: np.random.Generator) -> Ints:
    work = 1 + np.searchsorted(np.cumsum([0.34, 0.2, 0.2, 0.12]), rng.random(len(members)))
    shifted = np.where((members.income >= 3) & (rng.random(len(members)) < 0.4), 3, work)
    occupation = np.where(members.age >= 65, 6, np.where(members.age <= 22, 0, shifted))
    return np.asarray(occupation, dtype=np.int64)


def _household_number(members: Members) -> Ints:
    return members.first + 1 + members.household


def _postal_codes(codes: list[str], members: Members, rng: np.random.Generator) -> pa.Array:
    tail = numbered("", rng.integers(1, 999, len(members)), 3)
    return pc.binary_join_element_wise(named(codes, members.city), tail, "")


def _emails(number: Ints, given: NDArray[np.bool_]) -> pa.Array:
    address = pc.binary_join_element_wise(numbered("member", number, 8), "@example.invalid", "")
    return pc.if_else(pa.array(given), address, pa.scalar(None, pa.string()))


def _phones(number: Ints) -> pa.Array:
    return numbered("0900-", number % 1_000_000, 6)


def _addresses(cities: list[str], members: Members) -> pa.Array:
    return pc.binary_join_element_wise(
        numbered("No. ", 1 + members.household % 300, 1),
        named(cities, members.city),
        ", Example Road, ",
    )


def _interests(preset: Preset, rng: np.random.Generator, count: int) -> pa.Array:
    """Return up to two stated interests, separated by `|`; null where none was stated."""
    names = preset.interests
    pairs = [f"{a}|{b}" for a in names for b in names if a < b]
    choices = [*names, *pairs]
    return named(choices, rng.integers(0, len(choices), count), rng.random(count) < 0.55)
