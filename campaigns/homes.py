"""Where members belong: the store they visit most, the salesperson who serves them most."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa

from campaigns.handing_out import Area, Place, Wish
from pipeline.duck import quoted
from pipeline.live_tables import tables_folder

To = Literal["stores", "salespeople", "agents"]

#: Agents work by telephone: anybody may be anybody's.
_ANYWHERE: Area = ("anywhere", "")


class UnknownPlaceError(ValueError):
    """A place has a capacity that is not in the tables, or there are none at all."""


def places_of(
    artifacts: Path, to: To, *, capacity: int | None, capacities: dict[str, int]
) -> list[Place]:
    """Return the places that members may be handed out to, by id.

    Raises
    ------
    UnknownPlaceError
        If a capacity is given for a place that is not in the tables, or there are no places.
    """
    if to == "agents":
        return [Place(name, room, (_ANYWHERE,)) for name, room in sorted(capacities.items())]
    key = _KEYS[to]
    known = _stores(artifacts) if to == "stores" else _salespeople(artifacts)
    unknown = sorted(set(capacities) - {row[0] for row in known})
    if unknown or not known:
        what = f"the table {to} has no {key} {unknown[0]}" if unknown else f"there are no {to}"
        raise UnknownPlaceError(f"{what}. Deliver the table {to}, or name those that it has.")
    return [Place(name, capacities.get(name, capacity or 0), areas) for name, areas in known]


def wishes_of(artifacts: Path, to: To, members: pa.Table, places: list[Place]) -> Iterator[Wish]:
    """Yield where each member belongs, in the order of the members.

    The home is the place with most orders, of equals the latest; nearby is what lies in its
    areas, or in those of the customer who has no home.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    to : str
        `stores`, `salespeople` or `agents`.
    members : pyarrow.Table
        `customer_id`, `city` and `region`.
    places : list of Place
        As `places_of` returns them.
    """
    if to == "agents":
        yield from (Wish(-1, (_ANYWHERE,)) for _ in range(len(members)))
        return
    number = {place.id: n for n, place in enumerate(places)}
    homes = _homes(artifacts, _KEYS[to], members)
    for home, city, region in zip(
        homes, members["city"].to_pylist(), members["region"].to_pylist(), strict=True
    ):
        own = number.get(home, -1) if home is not None else -1
        yield Wish(own, places[own].areas if own >= 0 else _areas(city, region))


_KEYS = {"stores": "store_id", "salespeople": "salesperson_id"}


def _areas(city: str | None, region: str | None) -> tuple[Area, ...]:
    # Cities of one name lie in several regions.
    found = [("city", f"{region}/{city}")] if city is not None else []
    return (*found, *([("region", region)] if region is not None else []))


def _stores(artifacts: Path) -> list[tuple[str, tuple[Area, ...]]]:
    rows = _query(artifacts, "SELECT store_id, city, region FROM stores ORDER BY store_id")
    return [(name, _areas(city, region)) for name, city, region in rows]


def _salespeople(artifacts: Path) -> list[tuple[str, tuple[Area, ...]]]:
    rows = _query(
        artifacts,
        "SELECT salesperson_id, p.store_id, city, region FROM salespeople p "
        "LEFT JOIN stores s ON p.store_id = s.store_id ORDER BY salesperson_id",
    )
    return [
        (name, ((("store", store),) if store is not None else ()) + _areas(city, region))
        for name, store, city, region in rows
    ]


def _homes(artifacts: Path, key: str, members: pa.Table) -> list[str | None]:
    place = pa.array(range(len(members)), pa.int64())
    return [
        home
        for _, home in _query(
            artifacts,
            "SELECT m.place, h.home FROM members m LEFT JOIN ("  # noqa: S608 - ours
            f"SELECT customer_id, arg_max({key}, (orders, latest, {key})) AS home FROM ("
            f"SELECT customer_id, {key}, count(DISTINCT order_id) AS orders, "
            "max(event_time) AS latest FROM transactions "
            f"WHERE kind = 'sale' AND {key} IS NOT NULL "
            "AND customer_id IN (SELECT customer_id FROM members) "
            f"GROUP BY customer_id, {key}) GROUP BY customer_id) h USING (customer_id) "
            "ORDER BY m.place",
            members=members.select(["customer_id"]).append_column("place", place),
        )
    ]


def _query(artifacts: Path, sql: str, **tables: pa.Table) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        for name in ("stores", "salespeople", "transactions"):
            path = tables_folder(artifacts) / f"{name}.parquet"
            if path.exists():
                connection.execute(f"CREATE VIEW {name} AS FROM read_parquet({quoted(path)})")
        for name, table in tables.items():
            connection.register(name, table)
        try:
            return connection.execute(sql).fetchall()
        except duckdb.CatalogException as error:
            raise UnknownPlaceError(
                "stores, salespeople or transactions are not in the tables. Deliver them."
            ) from error
