"""The 63 columns by pandas, from the same tables.

Run as `python with_pandas.py TABLES OUT THREADS CUTOFF...`; pandas works on one thread.
"""

import sys
from datetime import date
from pathlib import Path

import pandas as pd

ZONE, C = "Asia/Taipei", "customer_id"


def main(tables: Path, out: Path, days: list[date]) -> None:
    """Write one snapshot for each cut-off."""
    out.mkdir(parents=True)
    for day in days:
        snapshot(tables, day).to_parquet(out / f"{day}.parquet", compression="zstd", index=False)


def snapshot(tables: Path, as_of: date) -> pd.DataFrame:
    """Return the columns of every member known at a cut-off."""
    columns = [C, "order_id", "product_id", "store_id", "channel", "kind", "quantity", "amount",
               "discount", "event_time"]  # fmt: skip
    midnight = pd.Timestamp(as_of, tz=ZONE)
    lines = pd.read_parquet(tables / "transactions.parquet", columns=columns,
                            filters=[("available_time", "<", midnight)])  # fmt: skip
    lines = lines[lines[C].notna()]
    local = lines.pop("event_time").dt.tz_convert(ZONE)
    lines["ago"] = (midnight.tz_localize(None) - local.dt.tz_localize(None).dt.normalize()).dt.days
    lines["hour"] = local.dt.hour.astype("int8")
    del local
    back, sales = lines[lines.kind == "return"], lines[lines.kind == "sale"]
    sold = sales.groupby(C)[["amount", "quantity"]].sum()
    of_back = returned(back, sold)
    del lines, back
    sales["list_amount"] = sales.amount + sales.discount
    orders = sales.groupby([C, "order_id"], sort=False).agg(
        ago=("ago", "max"), hour=("hour", "min"), lines=("amount", "size"),
        pieces=("quantity", "sum"), amount=("amount", "sum"), discount=("discount", "sum"),
        list_amount=("list_amount", "sum"), store_id=("store_id", "max"),
        channel=("channel", "max"),
    ).reset_index()  # fmt: skip
    sales["amount_365"] = sales.amount.where(sales.ago <= 365, 0.0)
    bought = sales.groupby([C, "product_id"], sort=False).agg(
        amount=("amount", "sum"), amount_365=("amount_365", "sum"), last=("ago", "min"),
        first=("ago", "max"),
    ).reset_index()  # fmt: skip
    del sales
    members = pd.read_parquet(tables / "customers.parquet", columns=[C, "joined_on"])
    members = members[pd.to_datetime(members.joined_on) < midnight.tz_localize(None)]
    joined = pd.to_datetime(members.groupby(C).joined_on.min())
    products = pd.read_parquet(tables / "products.parquet")
    parts = [
        of_orders(orders, pd.Timestamp(as_of)), of_gaps(orders), of_shops(orders, tables),
        of_categories(bought, products), of_brands(bought, products),
        bought.groupby(C).size().rename("bought_product_count"), of_back,
    ]  # fmt: skip
    found = pd.DataFrame({"tenure_days": (midnight.tz_localize(None) - joined).dt.days})
    found = found.join(parts)
    zero = [name for name in found if "_count" in name and not name.startswith("mean")]
    zero += [name for name in found if name.startswith("spend_amount")]
    found[zero] = found[zero].fillna(0)
    counts = [name for name in zero if "_count" in name]
    found[counts] = found[counts].astype("int64")
    return found.reset_index().sort_values(C)


def share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Return part over whole, null where the whole is zero."""
    return part / whole.where(whole != 0)


def returned(back: pd.DataFrame, sold: pd.DataFrame) -> pd.DataFrame:
    """Return what came back."""
    by = back.groupby(C)
    found = pd.DataFrame({"return_count": by.size(), "days_since_last_return": by.ago.min(),
                          "amount": -by.amount.sum(), "pieces": -by.quantity.sum()})  # fmt: skip
    for days in (90, 365):
        found[f"return_count_{days}d"] = back[back.ago <= days].groupby(C).size()
    found = sold.join(found, rsuffix="_back", how="outer")
    found["returned_amount_share"] = share(found.pop("amount_back").fillna(0), found.pop("amount"))
    found["returned_piece_share"] = share(found.pop("pieces").fillna(0), found.pop("quantity"))
    return found


def of_orders(orders: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return what the orders of each customer tell."""
    by = orders.groupby(C)
    count, spent, ago = by.size(), by.amount.sum(), by.ago
    found = pd.DataFrame({
        "days_since_last_purchase": ago.min(), "days_since_first_purchase": ago.max(),
        "order_count": count, "spend_amount": spent, "purchase_days_count": ago.nunique(),
        "mean_order_amount": spent / count, "mean_order_lines_count": by.lines.sum() / count,
        "mean_order_pieces_count": by.pieces.mean(), "largest_order_amount": by.amount.max(),
        "order_variation_ratio": share(by.amount.std(), by.amount.mean()),
        "used_channel_count": by.channel.nunique(),
    })  # fmt: skip
    for days in (30, 90, 180, 365):
        inside = orders[orders.ago <= days].groupby(C)
        found[f"order_count_{days}d"] = inside.size()
        found[f"spend_amount_{days}d"] = inside.amount.sum()
    found = found.fillna(dict.fromkeys([n for n in found if n.endswith("d") and "_" in n], 0))
    for days in (30, 90, 180):
        before = orders[(orders.ago > days) & (orders.ago <= 2 * days)].groupby(C)
        for name, earlier in (("order", before.size()), ("spend", before.amount.sum())):
            stem = "order_count" if name == "order" else "spend_amount"
            recent = found[f"{stem}_{days}d"]
            past = earlier.reindex(found.index).fillna(0)
            found[f"{name}_trend_ratio_{days}d"] = share(recent - past, recent + past)
    year = orders[orders.ago <= 365].groupby(C)
    found["discount_share_365d"] = share(year.discount.sum(), year.list_amount.sum())
    day = as_of - pd.to_timedelta(orders.ago, unit="D")
    marks = pd.DataFrame({
        "single_line_order_share": orders.lines == 1, "weekend_order_share": day.dt.weekday >= 5,
        "pay_day_order_share": day.dt.day.between(5, 14),
        "morning_order_share": orders.hour < 12, "evening_order_share": orders.hour >= 18,
    })  # fmt: skip
    found = found.join(marks.groupby(orders[C]).mean())
    online = orders.channel.isin(["web", "app", "line"]).groupby(orders[C]).sum()
    found["online_order_share"] = share(online, by.channel.count())
    span = found.days_since_first_purchase - found.days_since_last_purchase
    gaps = (found.purchase_days_count - 1).where(found.purchase_days_count > 1)
    found["mean_gap_days"] = span / gaps
    found["elapsed_over_mean_gap_ratio"] = share(found.days_since_last_purchase * gaps, span)
    return found


def of_gaps(orders: pd.DataFrame) -> pd.DataFrame:
    """Return what the days between purchase days tell."""
    days = orders[[C, "ago"]].drop_duplicates().sort_values([C, "ago"], ascending=[True, False])
    days["gap"] = days.groupby(C).ago.shift() - days.ago
    by = days.groupby(C)
    mean, deviation, last = by.gap.mean(), by.gap.std(), by.ago.min()
    return pd.DataFrame({
        "gap_deviation_days": deviation, "gap_variation_ratio": share(deviation, mean),
        "longest_gap_days": by.gap.max(), "last_gap_days": days.drop_duplicates(C, keep="last")
        .set_index(C).gap, "elapsed_over_longest_gap_ratio": last / by.gap.max(),
        "overdue_score": share(last - mean, deviation),
    })  # fmt: skip


def of_categories(bought: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Return what the categories bought tell."""
    found = of_attribute(bought, products, "category")
    found["square"] = found.amount * found.amount
    by, first = found.groupby(C), found.drop_duplicates(C).set_index(C)
    total = by.amount.sum()
    return pd.DataFrame({
        "favourite_category": first.category,
        "favourite_category_spend_share": share(by.amount.max(), total),
        "favourite_category_spend_share_365d": share(first.amount_365, by.amount_365.sum()),
        "category_concentration_share": share(by.square.sum(), total * total),
        "days_since_favourite_category": first["last"],
        "bought_category_count": by.size(),
        "bought_category_count_365d": (found["last"] <= 365).groupby(found[C]).sum(),
        "new_category_count_180d": (found["first"] <= 180).groupby(found[C]).sum(),
    })  # fmt: skip


def of_brands(bought: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Return what the brands bought tell."""
    found = of_attribute(bought, products, "brand")
    by = found.groupby(C)
    return pd.DataFrame({
        "bought_brand_count": by.size(),
        "favourite_brand": found.drop_duplicates(C).set_index(C).brand,
        "favourite_brand_spend_share": share(by.amount.max(), by.amount.sum()),
    })  # fmt: skip


def of_attribute(bought: pd.DataFrame, products: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return products bought by customer and category or brand, the most spent first."""
    named = bought.merge(products.loc[products[name].notna(), ["product_id", name]])
    found = named.groupby([C, name], sort=False).agg(
        amount=("amount", "sum"), amount_365=("amount_365", "sum"), last=("last", "min"),
        first=("first", "max"),
    ).reset_index()  # fmt: skip
    return found.sort_values([C, "amount", "last", name], ascending=[True, False, True, True])


def of_shops(orders: pd.DataFrame, tables: Path) -> pd.DataFrame:
    """Return what the stores visited tell."""
    stores = pd.read_parquet(tables / "stores.parquet", columns=["store_id", "region", "format"])
    visited = orders[orders.store_id.notna()].groupby([C, "store_id"], sort=False).agg(
        orders=("ago", "size"), ago=("ago", "min")
    ).reset_index().sort_values(
        [C, "orders", "ago", "store_id"], ascending=[True, False, True, True]
    )  # fmt: skip
    by = visited.groupby(C)
    first = visited.drop_duplicates(C).merge(stores, how="left").set_index(C)
    return pd.DataFrame({
        "visited_store_count": by.size(),
        "favourite_store_order_share": by.orders.max() / by.orders.sum(),
        "favourite_store_region": first.region, "favourite_store_format": first.format,
    })  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [date.fromisoformat(one) for one in sys.argv[4:]])
