"""The stored state of a large retailer, written as such: no purchase has to be simulated."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
from ibis.backends.duckdb import Backend

from features.price_position import with_price_position
from features.shelf import LEAST_JOINT_ORDERS
from features.views import tastes
from features.windows import QUARTER, YEAR
from models.definition import PairModel
from pipeline.durable import write_json
from pipeline.engine import engine
from pipeline.pairs.moment import of_unit
from pipeline.state_store import KEPT

AS_OF = date(2026, 6, 1)
#: Members of a file.
PART = 10_000
PURCHASES = 30
_CATEGORIES, _NARROW, _NARROWEST, _BRANDS, _WORDS = 20, 200, 1_000, 500, 3_000
_FAVOURITES, _LOYAL = 5, 0.7
_DAYS = 1_000


def write_products(artifacts: Path, products: int) -> None:
    """Write the catalogue, the offers and the associations."""
    random = np.random.default_rng(0)
    narrowest = random.integers(0, _NARROWEST, products)
    family = np.where(np.arange(products) < products // 10, np.arange(products) // 2, -1)
    first_sale = random.integers(1, _DAYS, products)
    words = random.integers(0, _WORDS, (products, 2))
    catalogue = pd.DataFrame(
        {
            "product_id": [f"p{one:05d}" for one in range(products)],
            "name": [
                f"thing{narrowest[i]} word{one} word{other}" for i, (one, other) in enumerate(words)
            ],
            "brand": [f"brand{one}" for one in random.integers(0, _BRANDS, products)],
            "category": [f"c{one % _CATEGORIES}" for one in narrowest],
            "category_2": [f"c{one % _NARROW}" for one in narrowest],
            "category_3": [f"c{one}" for one in narrowest],
            "list_price": np.exp(random.normal(3, 1, products)).round(2),
            "launched_on": pd.Timestamp(AS_OF) - pd.to_timedelta(first_sale, unit="D"),
            "family": pd.Series(family, dtype="str").where(family >= 0),
            "generation": pd.array(np.arange(products) % 2 + 1, dtype="Int64"),
            "days_of_supply": np.where(random.random(products) < 1 / 3, 30.0, np.nan),
        }
    )
    with engine(artifacts, threads=1) as connection:
        listed = connection.create_table("listed", catalogue, temp=True).mutate(
            launched_on=ibis._.launched_on.cast("date"),
            days_of_supply=ibis._.days_of_supply.nullif(float("nan")),
            **{name: ibis.null("string") for name in ("version", "language", "purpose")},
            withdrawn_on=ibis.null("date"),
            unit_cost=ibis.null("float64"),
        )
        to = artifacts / "snapshots" / "catalogue" / "products.parquet"
        to.parent.mkdir(parents=True, exist_ok=True)
        connection.to_parquet(listed.order_by("product_id"), to, compression="zstd")
        sold = _sold(catalogue["product_id"], first_sale, random)
        placed = with_price_position(connection.read_parquet(to)).select(
            "product_id", "like", "price_position", "brand_premium", "price_band", "list_price",
            "generation", "withdrawn_on", "days_of_supply", wide="category",
            successor_on=ibis.null("date"),
            has_predecessor=(ibis._.generation > 1) & (ibis._.family.fill_null("") != ""),
        )  # fmt: skip
        offers = placed.join(connection.create_table("sold", sold, temp=True), "product_id")
        _write(connection, artifacts, "offers", offers.order_by("product_id"))
        draws = connection.create_table("draws", _associations(random), temp=True)
        _write(connection, artifacts, "associations", draws.order_by("lead", "companion"))


def _sold(ids: pd.Series, first_sale: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    pieces = random.gamma(0.5, 2_000, len(ids)).round()
    windows = {f"pieces_{days}": (pieces * days / 365).round() for days in (30, 60, 90, 180, 365)}
    return pd.DataFrame(
        {
            "product_id": ids,
            "as_of": pd.Timestamp(AS_OF).date(),
            **windows,
            "season_pieces": windows["pieces_90"],
            "buyers_90": windows["pieces_90"].astype(np.int64),
            "buyers_365": windows["pieces_365"].astype(np.int64),
            "launch_days": first_sale,
            "first_sale_days": first_sale,
            "last_sale_days": np.minimum(first_sale, random.integers(1, 30, len(ids))),
            "repurchase_gap": random.integers(20, 200, len(ids)).astype(np.float64),
            "wide_gap": 60.0,
            "like_pieces_30": 500.0,
            "like_season_pieces": 1_500.0,
            "heat_share": random.random(len(ids)),
        }
    )


def _associations(random: np.random.Generator) -> pd.DataFrame:
    lead, companion = random.integers(0, _NARROWEST, (2, _NARROWEST * 20))
    pairs = pd.DataFrame({"lead": lead, "companion": companion}).drop_duplicates()
    pairs = pairs[pairs["lead"] != pairs["companion"]]
    return pd.DataFrame(
        {
            "as_of": pd.Timestamp(AS_OF).date(),
            "season": "all",
            "lead": "c" + pairs["lead"].astype(str),
            "companion": "c" + pairs["companion"].astype(str),
            "joint": LEAST_JOINT_ORDERS,
            "support": 0.001,
            "confidence": random.random(len(pairs)),
            "lift": 1 + random.random(len(pairs)),
        }
    )


def write_members(artifacts: Path, members: int, model: PairModel) -> None:
    """Write what members hold, what they like and their own features, a part at a time."""
    with engine(artifacts, threads=1) as connection:
        catalogue = connection.read_parquet(artifacts / "snapshots" / "catalogue" / "*.parquet")
        placed = with_price_position(catalogue).select(
            "product_id", "brand", "category", "category_2", "category_3", "like", "list_price",
            "price_position", "price_band", "brand_premium", "launched_on", "family",
            "generation", "edition_language", "days_of_supply",
        )  # fmt: skip
        placed = connection.create_table("placed", placed, temp=True)
        narrow = placed.order_by("product_id").category_2.to_pandas().str[1:].astype(int).to_numpy()
        for part, start in enumerate(range(0, members, PART)):
            random = np.random.default_rng([1, part])
            count = min(PART, members - start)
            ids = pd.Series([f"m{one:07d}" for one in range(start, start + count)])
            drawn = connection.create_table(
                "drawn", _bought(ids, narrow, random), temp=True, overwrite=True
            )
            held = drawn.join(placed, "product_id").order_by("customer_id", "product_id")
            held = connection.create_table("held", held, temp=True, overwrite=True)
            _write(connection, artifacts, "holdings", held, part=part)
            liked = tastes.build(held).order_by("customer_id", "attribute", "value")
            _write(connection, artifacts, "tastes", liked, part=part)
            own = _features(ids, model, random)
            rows = connection.create_table("own", own, temp=True, overwrite=True)
            _write(connection, artifacts, "customer", rows.order_by("customer_id"), part=part)


def _bought(ids: pd.Series, narrow: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    """Draw what members bought: mostly of a few narrow categories each, some products often."""
    count, products = len(ids), len(narrow)
    heat = 1 / np.random.default_rng(2).permutation(np.arange(1, products + 1))
    by_narrow = np.argsort(narrow, kind="stable")
    ends = np.cumsum(heat[by_narrow])
    first = np.searchsorted(narrow[by_narrow], np.arange(_NARROW))
    last = np.searchsorted(narrow[by_narrow], np.arange(_NARROW), side="right")
    favourites = random.integers(0, _NARROW, (count, _FAVOURITES))
    who = np.repeat(np.arange(count), PURCHASES)
    chosen = favourites[who, random.integers(0, _FAVOURITES, len(who))]
    low = np.where(first[chosen] > 0, ends[first[chosen] - 1], 0.0)
    high = ends[last[chosen] - 1]
    loyal = random.random(len(who)) < _LOYAL
    point = random.random(len(who)) * np.where(loyal, high - low, ends[-1])
    point += np.where(loyal, low, 0.0)
    what = by_narrow[np.minimum(np.searchsorted(ends, point), products - 1)]
    days = random.integers(1, _DAYS, len(who))
    held = (
        pd.DataFrame({"who": who, "what": what, "days": days})
        .groupby(["who", "what"])["days"]
        .agg(["min", "max", "size"])
        .reset_index()
    )
    times = held["size"].to_numpy()
    latest = pd.Timestamp(AS_OF) - pd.to_timedelta(held["min"], unit="D")
    return pd.DataFrame(
        {
            "customer_id": ids.take(held["who"]).to_numpy(),
            "product_id": np.char.add("p", np.char.zfill(held["what"].to_numpy().astype(str), 5)),
            "as_of": pd.Timestamp(AS_OF).date(),
            "sales": times,
            "pieces": times.astype(np.float64),
            "amount": times * 20.0,
            "amount_365d": times * 20.0,
            "returns": 0,
            "pieces_returned": 0.0,
            "first_days": held["max"],
            "last_days": held["min"],
            "purchase_days": times,
            "purchase_days_90": (held["min"] <= QUARTER).astype(int),
            "purchase_days_365": (held["min"] <= YEAR).astype(int),
            "last_on": latest.dt.date,
            "first_on": latest.dt.date,
            "pieces_held": times.astype(np.float64),
            "last_pieces": 1.0,
        }
    )


def _features(ids: pd.Series, model: PairModel, random: np.random.Generator) -> pd.DataFrame:
    columns = {
        one.name: random.gamma(2, 20, len(ids)).round()
        for one in of_unit(model, "customer")
        if one.unit != "text"
    }
    texts = {
        one.name: random.choice(["single", "couple", "family"], len(ids))
        for one in of_unit(model, "customer")
        if one.unit == "text"
    }
    region = random.choice([f"region{one}" for one in range(20)], len(ids))
    return pd.DataFrame({"customer_id": ids, **columns, **texts, "home_region": region})


def finish(artifacts: Path, members: int) -> None:
    """Write the manifests, by which the stored state is found."""
    version = {"version": f"synthetic-{members}", "as_of": AS_OF, "codings": {}, "rows": members}
    for name in (*(name for name in KEPT if name != "interests"), "customer"):
        write_json(_folder(artifacts, name) / "manifest.json", version)


def linked(artifacts: Path, to: Path, members: int) -> None:
    """Make of some parts a smaller retailer with the same products."""
    for name, path in _files(artifacts):
        if (
            name in {"holdings", "tastes", "customer"}
            and int(path.stem.split("-")[1]) * PART >= members
        ):
            continue
        target = to / path.relative_to(artifacts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.hardlink_to(path)
    finish(to, members)


def _files(artifacts: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted((artifacts / "snapshots").rglob("*.parquet")):
        yield path.relative_to(artifacts / "snapshots").parts[0], path


def _folder(artifacts: Path, name: str) -> Path:
    return artifacts / "snapshots" / name / f"as_of={AS_OF}"


def _write(
    connection: Backend, artifacts: Path, name: str, rows: ibis.expr.types.Table, *, part: int = 0
) -> None:
    folder = _folder(artifacts, name)
    folder.mkdir(parents=True, exist_ok=True)
    connection.to_parquet(rows, folder / f"part-{part}.parquet", compression="zstd")
