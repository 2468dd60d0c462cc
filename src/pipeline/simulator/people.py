"""The `customers` table: what the retailer recorded of its members, with gaps."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.simulator.calendar import Calendar
from pipeline.simulator.members import Flags, Ints, Members
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
#: What a leak puts into the income band of those who took the card.
VERIFIED = "verified"
MOVES_PER_YEAR = 0.025
UNANSWERED = {"education": 0.12, "occupation": 0.10, "income_band": 0.08, "marital_status": 0.08}


def customers_table(
    preset: Preset,
    calendar: Calendar,
    members: Members,
    *,
    leaking: Ints | None,
    seed: int,
    block: int,
) -> pa.Table:
    """Return the members of one block; contact columns hold obviously invented values.

    Who moved within the period has two rows, one for each address.

    Parameters
    ----------
    leaking : array of int, optional
        Members whose income band the bank will have verified by the end of the period,
        because they took the card: a column that knows the future, for the leak alarms.
    """
    rng = stream(seed, "customers", block)
    count = len(members)
    number = members.first + 1 + np.arange(count)
    regions = [region.name for region in preset.regions]
    cities = [city for region in preset.regions for city in region.cities]
    postal = [code for region in preset.regions for code in region.cities.values()]
    joined = (np.datetime64(calendar.start) + members.joined).astype("datetime64[D]")

    def maybe(column: str) -> Flags:
        return rng.random(count) >= UNANSWERED[column]

    education = np.clip(
        np.round(2.2 + 0.45 * (members.income - 2) + rng.normal(0, 0.9, count)), 0, 4
    )
    current = pa.table(
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
            "income_band": _income(members, maybe("income_band"), leaking),
            "children": pa.array(members.children, mask=rng.random(count) < 0.06),
            "region": named(regions, members.region),
            "city": named(cities, members.city),
            "postal_code": _postal_codes(postal, members.city, rng),
            "language": named(preset.languages, members.language),
            "household_id": numbered("H", _household_number(members), 8),
            "email": _emails(number, rng.random(count) < 0.85),
            "phone": _phones(number),
            "address": _addresses(cities, members.city, members.household),
            "interests": _interests(preset, rng, count),
        }
    )
    return _with_moves(preset, calendar, members, current, rng)


def _with_moves(
    preset: Preset,
    calendar: Calendar,
    members: Members,
    current: pa.Table,
    rng: np.random.Generator,
) -> pa.Table:
    """Put the former address of those who moved before the current one."""
    count = len(members)
    year = calendar.days / 365.25
    first = np.maximum(members.joined + 1, 1)
    day = (first + rng.random(count) * np.maximum(calendar.days - first, 1)).astype(np.int64)
    moves = (rng.random(count) < MOVES_PER_YEAR * year) & (day > first) & (day < calendar.days)
    moved = np.flatnonzero(moves)
    moved_on = pa.array((np.datetime64(calendar.start, "D") + day)[moved])
    cities = np.array([len(region.cities) for region in preset.regions])
    start = (np.cumsum(cities) - cities)[members.region]
    former = start + rng.integers(0, 1 << 30, count) % cities[members.region]
    names = [city for region in preset.regions for city in region.cities]
    codes = [code for region in preset.regions for code in region.cities.values()]
    old = current.take(pa.array(moved))
    old = _replaced(old, "valid_to", moved_on)
    old = _replaced(old, "city", named(names, former[moved]))
    old = _replaced(old, "postal_code", _postal_codes(codes, former[moved], rng))
    old = _replaced(old, "address", _addresses(names, former[moved], members.household[moved] + 7))
    since = pc.replace_with_mask(current["valid_from"].combine_chunks(), pa.array(moves), moved_on)
    both = pa.concat_tables([old, _replaced(current, "valid_from", since)])
    order = np.lexsort(
        (np.append(np.zeros(len(moved)), np.ones(count)), np.append(moved, np.arange(count)))
    )
    return both.take(pa.array(order))


def _replaced(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, values)


def _income(members: Members, answered: Flags, leaking: Ints | None) -> pa.Array:
    band = members.income.copy()
    names: tuple[str, ...] = INCOMES
    if leaking is not None:
        names = (*INCOMES, VERIFIED)
        band[leaking] = len(INCOMES)
        answered = answered.copy()
        answered[leaking] = True
    return named(names, band, answered)


def _occupation(members: Members, rng: np.random.Generator) -> Ints:
    work = 1 + np.searchsorted(np.cumsum([0.34, 0.2, 0.2, 0.12]), rng.random(len(members)))
    shifted = np.where((members.income >= 3) & (rng.random(len(members)) < 0.4), 3, work)
    occupation = np.where(members.age >= 65, 6, np.where(members.age <= 22, 0, shifted))
    return np.asarray(occupation, dtype=np.int64)


def _household_number(members: Members) -> Ints:
    return members.first + 1 + members.household


def _postal_codes(codes: list[str], city: Ints, rng: np.random.Generator) -> pa.Array:
    tail = numbered("", rng.integers(1, 999, len(city)), 3)
    return pc.binary_join_element_wise(named(codes, city), tail, "")


def _emails(number: Ints, given: Flags) -> pa.Array:
    address = pc.binary_join_element_wise(numbered("member", number, 8), "@example.invalid", "")
    return pc.if_else(pa.array(given), address, pa.scalar(None, pa.string()))


def _phones(number: Ints) -> pa.Array:
    return numbered("0900-", number % 1_000_000, 6)


def _addresses(cities: list[str], city: Ints, house: Ints) -> pa.Array:
    return pc.binary_join_element_wise(
        numbered("No. ", 1 + house % 300, 1), named(cities, city), ", Example Road, "
    )


def _interests(preset: Preset, rng: np.random.Generator, count: int) -> pa.Array:
    """Return up to two stated interests, separated by `|`; null where none was stated."""
    names = preset.interests
    pairs = [f"{a}|{b}" for a in names for b in names if a < b]
    choices = [*names, *pairs]
    return named(choices, rng.integers(0, len(choices), count), rng.random(count) < 0.55)
