"""The 63 columns by Polars, lazy and streaming, from the same tables.

Run as `python polars_streaming.py TABLES OUT THREADS CUTOFF...`; `POLARS_MAX_THREADS` is what
Polars itself reads.
"""

import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

os.environ["POLARS_MAX_THREADS"] = sys.argv[3]

import polars as pl

C, ZONE = pl.col, "Asia/Taipei"
ORDER = {"descending": [True, False, False]}


def main(tables: Path, out: Path, days: list[date]) -> None:
    """Write one snapshot for each cut-off."""
    out.mkdir(parents=True)
    for day in days:
        whole = snapshot(tables, day).sort("customer_id")
        whole.sink_parquet(out / f"{day}.parquet", engine="streaming", compression="zstd")


def snapshot(tables: Path, as_of: date) -> pl.LazyFrame:
    """Return the columns of every member known at a cut-off."""
    read = {name: pl.scan_parquet(tables / f"{name}.parquet")
            for name in ("transactions", "customers", "products", "stores")}  # fmt: skip
    midnight = datetime(as_of.year, as_of.month, as_of.day, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
    local = C("event_time").dt.convert_time_zone(ZONE)
    lines = read["transactions"].filter(
        C("available_time") < midnight, C("customer_id").is_not_null()
    ).select("customer_id", "order_id", "product_id", "store_id", "channel", "kind", "quantity",
             "amount", "discount", day=local.dt.date(), hour=local.dt.hour())  # fmt: skip
    lines = lines.with_columns(ago=(pl.lit(as_of) - C("day")).dt.total_days())
    sales = lines.filter(C("kind") == "sale")
    orders = sales.group_by("customer_id", "order_id").agg(
        C("day", "hour").min(),
        C("ago").max(),
        pl.len().alias("lines"),
        C("quantity").sum().alias("pieces"),
        C("amount", "discount").sum(),
        (C("amount") + C("discount")).sum().alias("list_amount"),
        C("store_id", "channel").max(),
    )
    bought = sales.group_by("customer_id", "product_id").agg(
        C("amount").sum(),
        amount_365=C("amount").filter(C("ago") <= 365).sum(),
        last_days=C("ago").min(),
        first_days=C("ago").max(),
    )
    known = read["customers"].filter(C("joined_on") < as_of).group_by("customer_id").agg(
        tenure_days=(pl.lit(as_of) - C("joined_on").min()).dt.total_days()
    )  # fmt: skip
    parts = [
        of_orders(orders),
        of_gaps(orders),
        of_categories(bought, read["products"]),
        of_brands(bought, read["products"]),
        bought.group_by("customer_id").agg(bought_product_count=pl.len()),
        of_shops(orders, read["stores"]),
        of_lines(lines),
    ]
    for part in parts:
        known = known.join(part, on="customer_id", how="left")
    counts = list(COUNTS)
    return known.with_columns(
        C(counts).fill_null(0),
        mean_gap_days=C("span") / none_if_zero(C("purchase_days_count") - 1),
        elapsed_over_mean_gap_ratio=C("days_since_last_purchase")
        * none_if_zero(C("purchase_days_count") - 1)
        / none_if_zero(C("span")),
        elapsed_over_longest_gap_ratio=C("days_since_last_purchase") / C("longest_gap_days"),
        overdue_score=(C("days_since_last_purchase") - C("mean_gap"))
        / none_if_zero(C("gap_deviation_days")),
        as_of=pl.lit(as_of),
    ).drop("span", "mean_gap")


def none_if_zero(value: pl.Expr) -> pl.Expr:
    """Return a value, null where it is zero."""
    return pl.when(value != 0).then(value)


def within(name: str, days: int, since: int = 0) -> pl.Expr:
    """Return the sum over orders of a window."""
    return C(name).filter((C("ago") > since) & (C("ago") <= days)).sum()


def number(*where: pl.Expr) -> pl.Expr:
    """Return how many orders meet a condition."""
    counted = C("order_id").filter(*where).len() if where else pl.len()
    return counted.cast(pl.Int64)


def change(recent: pl.Expr, earlier: pl.Expr) -> pl.Expr:
    """Return how a quantity moved, in [-1, 1]."""
    return (recent - earlier) / none_if_zero(recent + earlier)


def of_orders(orders: pl.LazyFrame) -> pl.LazyFrame:
    """Return what the orders of each customer tell."""
    ago, all_ = C("ago"), number()
    recent = {f"order_count_{n}d": number(ago <= n) for n in (30, 90, 180, 365)}
    spent = {f"spend_amount_{n}d": within("amount", n) for n in (30, 90, 180, 365)}
    return orders.group_by("customer_id").agg(
        days_since_last_purchase=ago.min(),
        days_since_first_purchase=ago.max(),
        span=ago.max() - ago.min(),
        order_count=all_,
        spend_amount=C("amount").sum(),
        **recent,
        **spent,
        purchase_days_count=C("day").n_unique().cast(pl.Int64),
        mean_order_amount=C("amount").sum() / all_,
        mean_order_lines_count=C("lines").sum() / all_,
        mean_order_pieces_count=C("pieces").mean(),
        largest_order_amount=C("amount").max(),
        order_variation_ratio=C("amount").std() / none_if_zero(C("amount").mean()),
        single_line_order_share=(C("lines") == 1).mean(),
        **{f"order_trend_ratio_{n}d": change(number(ago <= n), number(ago > n, ago <= 2 * n))
           for n in (30, 90, 180)},
        **{f"spend_trend_ratio_{n}d": change(within("amount", n), within("amount", 2 * n, n))
           for n in (30, 90, 180)},
        discount_share_365d=within("discount", 365) / none_if_zero(within("list_amount", 365)),
        used_channel_count=C("channel").drop_nulls().n_unique().cast(pl.Int64),
        weekend_order_share=number(C("day").dt.weekday() >= 6) / all_,
        pay_day_order_share=number(C("day").dt.day().is_between(5, 14)) / all_,
        morning_order_share=number(C("hour") < 12) / all_,
        evening_order_share=number(C("hour") >= 18) / all_,
        online_order_share=number(C("channel").is_in(["web", "app", "line"]))
        / none_if_zero(C("channel").count()),
    )  # fmt: skip


def of_gaps(orders: pl.LazyFrame) -> pl.LazyFrame:
    """Return what the days between purchase days tell."""
    days = orders.select("customer_id", "ago").unique()
    days = days.sort("customer_id", "ago", descending=[False, True])
    same = C("customer_id") == C("customer_id").shift(1)
    gaps = days.with_columns(gap=pl.when(same).then(C("ago").shift(1) - C("ago")))
    gap = C("gap")
    return gaps.group_by("customer_id").agg(
        mean_gap=gap.mean(),
        gap_deviation_days=gap.std(),
        gap_variation_ratio=gap.std() / none_if_zero(gap.mean()),
        longest_gap_days=gap.max(),
        last_gap_days=gap.filter(C("ago") == C("ago").min()).max(),
    )


def of_categories(bought: pl.LazyFrame, products: pl.LazyFrame) -> pl.LazyFrame:
    """Return what the categories bought tell."""
    found = of_attribute(bought, products, "category")
    by, amount = ["amount", "last_days", "category"], C("amount")
    first = {name: C(name).sort_by(by, **ORDER).first()
             for name in ("category", "amount_365", "last_days")}  # fmt: skip
    return found.group_by("customer_id").agg(
        favourite_category=first["category"],
        favourite_category_spend_share=amount.max() / none_if_zero(amount.sum()),
        favourite_category_spend_share_365d=first["amount_365"]
        / none_if_zero(C("amount_365").sum()),
        category_concentration_share=(amount * amount).sum()
        / none_if_zero(amount.sum() * amount.sum()),
        days_since_favourite_category=first["last_days"],
        bought_category_count=pl.len(),
        bought_category_count_365d=(C("last_days") <= 365).sum(),
        new_category_count_180d=(C("first_days") <= 180).sum(),
    )


def of_brands(bought: pl.LazyFrame, products: pl.LazyFrame) -> pl.LazyFrame:
    """Return what the brands bought tell."""
    found, amount = of_attribute(bought, products, "brand"), C("amount")
    return found.group_by("customer_id").agg(
        bought_brand_count=pl.len(),
        favourite_brand=C("brand").sort_by(["amount", "last_days", "brand"], **ORDER).first(),
        favourite_brand_spend_share=amount.max() / none_if_zero(amount.sum()),
    )


def of_attribute(bought: pl.LazyFrame, products: pl.LazyFrame, name: str) -> pl.LazyFrame:
    """Return products bought by customer and category or brand."""
    named = products.filter(C(name).is_not_null()).select("product_id", name)
    return bought.join(named, on="product_id").group_by("customer_id", name).agg(
        C("amount", "amount_365").sum(), C("last_days").min(), C("first_days").max()
    )  # fmt: skip


def of_shops(orders: pl.LazyFrame, stores: pl.LazyFrame) -> pl.LazyFrame:
    """Return what the stores visited tell."""
    visited = orders.filter(C("store_id").is_not_null()).group_by("customer_id", "store_id").agg(
        orders=pl.len(), ago=C("ago").min()
    )  # fmt: skip
    first = C("store_id").sort_by(["orders", "ago", "store_id"], **ORDER).first()
    named = stores.select(
        "store_id", favourite_store_region="region", favourite_store_format="format"
    )
    found = visited.group_by("customer_id").agg(
        visited_store_count=pl.len(),
        favourite_store_order_share=C("orders").max() / C("orders").sum(),
        store_id=first,
    )
    return found.join(named, on="store_id", how="left").drop("store_id")


def of_lines(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Return what came back."""
    back, ago = C("kind") == "return", C("ago")
    sold = C("kind") == "sale"
    return lines.group_by("customer_id").agg(
        return_count=back.sum(),
        return_count_90d=(back & (ago <= 90)).sum(),
        return_count_365d=(back & (ago <= 365)).sum(),
        returned_amount_share=-C("amount").filter(back).sum()
        / none_if_zero(C("amount").filter(sold).sum()),
        returned_piece_share=-C("quantity").filter(back).sum()
        / none_if_zero(C("quantity").filter(sold).sum()),
        days_since_last_return=ago.filter(back).min(),
    )


#: Columns of somebody without a purchase that are 0.
COUNTS = (
    "order_count", *(f"order_count_{n}d" for n in (30, 90, 180, 365)),
    "spend_amount", *(f"spend_amount_{n}d" for n in (30, 90, 180, 365)),
    "purchase_days_count", "bought_product_count", "bought_category_count",
    "bought_category_count_365d", "new_category_count_180d", "bought_brand_count",
    "visited_store_count", "used_channel_count",
    "return_count", "return_count_90d", "return_count_365d",
)  # fmt: skip

if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [date.fromisoformat(one) for one in sys.argv[4:]])
