"""UCI Online Retail I and II: a British gift wholesaler's invoice lines, 2009 to 2011.

What maps how
-------------
- A line of the file is a row of `transactions`, in the file's order. `line_id` is the
  invoice and the line's position in it: the file repeats some lines exactly, and those are
  pieces rung up twice, not copies.
- An invoice that starts with `C` is a credit note: its lines are of kind `return`, with the
  negative quantity and amount that the file gives them. So is a negative quantity elsewhere.
- Lines that are neither sold nor returned get the kind `adjustment`, which validation
  refuses and counts: bad debt written off (invoice `A...`) and stock written off (negative
  quantity at no price to nobody: "damaged", "missing", "check").
- A line without a customer is an anonymous purchase and is kept. An id such as `13085.0`
  becomes `13085`.
- Stock codes are compared without regard to case and outer blanks: `85123a` is `85123A`.
  The name of a product is its most frequent description. Postage, fees and manual
  corrections have stock codes of their own and stay products.
- A product was launched on the day of its first sale; its list price is that of its first line
  that was sold for money. Both were known when it came to the shelf.
- A customer joined on the day of the first line; the region is the country of the latest.
- Times are London wall-clock times and are stored as UTC. The price is in pounds a piece.

References
----------
.. [1] Chen, D. (2015). Online Retail. UCI Machine Learning Repository.
   https://doi.org/10.24432/C5BW33
.. [2] Chen, D. (2019). Online Retail II. UCI Machine Learning Repository.
   https://doi.org/10.24432/C5CG6D
"""

from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from pipeline.duck import parsed_time
from pipeline.durable import whole_folder
from pipeline.engine import engine
from pipeline.sources.about import About, write_about
from pipeline.sources.definition import BOOKKEEPING, SOURCE_ROW, Imported, SourceError
from pipeline.sources.files import open_file
from pipeline.zones import local_date, moment

TIME_ZONE = "Europe/London"
ABOUT = About(
    title="UCI Online Retail",
    time_zone=TIME_ZONE,
    currency="GBP",
    terms="I: CC0, as stated at the source; II: CC BY 4.0. Cite Chen (2015, 2019).",
)

#: How the editions in circulation spell each column; compared in lower case without blanks.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "invoice": ("invoiceno", "invoice"),
    "stock_code": ("stockcode",),
    "description": ("description",),
    "quantity": ("quantity",),
    "invoiced_at": ("invoicedate",),
    "price": ("unitprice", "price"),
    "customer": ("customerid",),
    "country": ("country",),
}

#: How editions write times as text. One format has to fit the whole column: day and month
#: cannot be told apart line by line.
TIME_FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%m/%d/%y %H:%M",
)


def import_online_retail(file: Path, to: Path, *, encoding: str = "utf-8") -> Imported:
    """Write `customers`, `products` and `transactions` as Parquet into the folder `to`.

    Parameters
    ----------
    file : Path
        The data set as Parquet, CSV or Excel; all sheets of a workbook are read.
    to : Path
        The folder to write, whole; an existing one is replaced.
    encoding : str
        Encoding of a CSV.

    Raises
    ------
    SourceError
        If the file is missing, cannot be read, or lacks a column.
    """
    delivery = open_file(file, encoding=encoding)
    names = _columns(delivery.columns(), file)
    with whole_folder(to) as draft, engine(draft, in_order=True) as connection:
        read = draft / ".read.parquet"
        delivery.write(read)
        delivered = connection.read_parquet(read, file_row_number=True)
        pattern = _time_format(connection, delivered[names["invoiced_at"]])
        lines = connection.create_table("lines", _lines(delivered, names, pattern), temp=True)
        tables = {
            "customers": _customers(lines),
            "products": _products(lines),
            "transactions": _transactions(lines),
        }
        for name, table in tables.items():
            connection.to_parquet(table, draft / f"{name}.parquet", compression="zstd")
        read.unlink()
        write_about(draft, ABOUT)
        rows = {name: int(connection.execute(table.count())) for name, table in tables.items()}
        adjustments = int(connection.execute(_transactions(lines).kind.isin(["adjustment"]).sum()))
    note = (
        f"{adjustments:,} lines are stock or debt written off: they are written with the kind "
        "`adjustment`, and validation will refuse and count them"
    )
    return Imported(rows, (note,))


def _columns(delivered: tuple[str, ...], file: Path) -> dict[str, str]:
    """Return the file's own name of each column we read."""
    own = {name.replace(" ", "").replace("_", "").lower(): name for name in delivered}
    found = {
        ours: next((own[spelling] for spelling in spellings if spelling in own), None)
        for ours, spellings in SPELLINGS.items()
    }
    missing = [ours for ours, theirs in found.items() if theirs is None]
    if missing:
        expected = ", ".join(" or ".join(SPELLINGS[ours]) for ours in missing)
        raise SourceError(
            f"{file.name}: no column {expected} (compared without case and blanks). Found: "
            f"{', '.join(delivered)}. Is this the UCI Online Retail file? For any other file "
            "use `shortlist import tables`."
        )
    return {ours: theirs for ours, theirs in found.items() if theirs is not None}


def _lines(delivered: ir.Table, names: dict[str, str], pattern: str | None) -> ir.Table:
    """Return the file's lines under our names and types, numbered in the file's order."""
    kept = [name for name in BOOKKEEPING if name in delivered.columns]
    read = delivered.select(*kept, row="file_row_number", **names)
    if SOURCE_ROW not in kept:
        kept.append(SOURCE_ROW)
        read = read.mutate(**{SOURCE_ROW: read.row + 1})
    return read.select(
        "row",
        *kept,
        invoice=_text(read.invoice),
        stock_code=_text(read.stock_code).upper(),
        description=_text(read.description),
        quantity=read.quantity.try_cast("float64"),
        invoiced_at=moment(_time(read.invoiced_at, pattern), TIME_ZONE),
        price=read.price.try_cast("float64"),
        customer=_text(read.customer),
        country=_text(read.country),
    )


def _text(value: ir.Value) -> ir.StringValue:
    """Return a text without outer blanks; a number without its decimals, if they are zero."""
    text = value.cast("string").strip()
    return text.re_replace(r"^(\d+)\.0+$", r"\1").nullif("").nullif("nan")


def _time_format(connection: Any, times: ir.Column) -> str | None:
    """Return the format that fits most of the texts, or none where times are times."""
    if not times.type().is_string():
        return None
    fits = times.as_table().aggregate(
        [parsed_time(times, pattern).count().name(pattern) for pattern in TIME_FORMATS]
    )
    counts = connection.to_pyarrow(fits).to_pylist()[0]
    return max(TIME_FORMATS, key=lambda pattern: counts[pattern])


def _time(value: ir.Value, pattern: str | None) -> ir.TimestampValue:
    return value.cast("timestamp") if pattern is None else parsed_time(value, pattern)


def _customers(lines: ir.Table) -> ir.Table:
    known = lines.filter(lines.customer.notnull())
    return (
        known.group_by(customer_id=known.customer)
        .aggregate(
            joined_on=local_date(known.invoiced_at.min(), TIME_ZONE),
            region=known.country.argmax(known.row),
        )
        .order_by("customer_id")
    )


def _products(lines: ir.Table) -> ir.Table:
    lines = lines.filter(lines.stock_code.notnull())
    sold = (lines.quantity > 0) & ~_is_adjustment(lines)
    priced = sold & (lines.price > 0)
    days = lines.group_by("stock_code").aggregate(
        launched_on=local_date(lines.invoiced_at.min(where=sold), TIME_ZONE),
        list_price=lines.price.argmin(lines.row, where=priced),
    )
    described = lines.filter(lines.description.notnull())
    counted = described.group_by("stock_code", "description").aggregate(
        times=described.count(), first_row=described.row.min()
    )
    by_frequency = ibis.window(
        group_by="stock_code", order_by=[ibis.desc("times"), ibis.asc("first_row")]
    )
    ranked = counted.mutate(place=ibis.row_number().over(by_frequency))
    names = ranked.filter(ranked.place == 0).select("stock_code", name="description")
    joined = days.left_join(names, "stock_code")
    return joined.select(
        product_id="stock_code", name="name", launched_on="launched_on", list_price="list_price"
    ).order_by("product_id")


def _is_adjustment(lines: ir.Table) -> ir.BooleanValue:
    bad_debt = lines.invoice.startswith("A")
    to_nobody = lines.customer.isnull() & (lines.price == 0) & (lines.quantity < 0)
    return bad_debt | (to_nobody & ~lines.invoice.startswith("C"))


def _transactions(lines: ir.Table) -> ir.Table:
    in_file_order = ibis.window(group_by=lines.invoice, order_by=lines.row)
    position = ibis.row_number().over(in_file_order) + 1
    returned = lines.invoice.startswith("C") | (lines.quantity < 0)
    return (
        lines.mutate(
            line_id=lines.invoice + "-" + position.cast("string"),
            kind=ibis.cases(
                (_is_adjustment(lines), "adjustment"), (returned, "return"), else_="sale"
            ),
        )
        .order_by("row")
        .select(
            "line_id",
            order_id="invoice",
            customer_id="customer",
            product_id="stock_code",
            event_time="invoiced_at",
            available_time="invoiced_at",
            quantity="quantity",
            amount=ibis._.quantity * ibis._.price,
            channel=ibis.literal("web"),
            kind="kind",
            **{name: name for name in BOOKKEEPING if name in lines.columns},
        )
    )
