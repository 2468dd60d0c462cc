"""`shortlist buyers` and `shortlist next`: whom for a product, and what for a customer."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortlist.verb import context_of

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.pairs.targets import Targets


class AttributesError(ValueError):
    """A file of attributes cannot be used."""


class NoScoresError(ValueError):
    """A customer has no scores."""


def buyers(  # noqa: PLR0917 - typer calls it by name
    ctx: typer.Context,
    product: Annotated[
        str | None, typer.Argument(metavar="[PRODUCT]", help="Id of a product on sale.")
    ] = None,
    attributes: Annotated[
        Path | None,
        typer.Option(help="JSON file with the columns of a product that nobody has sold yet."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many customers to print.")] = 20,
    to: Annotated[
        Path | None, typer.Option(help="Write all customers, likeliest first, to this CSV.")
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="A version of the model; the newest if left out.")
    ] = None,
) -> None:
    """Rank all customers for one product, and tell how many it will sell to.

    Everybody is scored, not only those for whom the product was retrieved. A product that is
    only planned is described by a file such as `{"product_id": "TV20", "name": "20-inch LCD
    television", "category": "Television", "brand": "Acme", "list_price": 6990}`.

    Example: `shortlist buyers P0042 --top 50 --to list.csv`
    """
    from rich.progress import Progress

    from models.purchase_propensity import purchase_propensity
    from pipeline.durable import whole_file
    from pipeline.pairs.targets import targets
    from pipeline.project import open_project

    if (product is None) == (attributes is None):
        raise AttributesError("name a product, or a file of --attributes; not both, not neither.")
    context = context_of(ctx)
    project = open_project(context.folder)
    number = version or newest_version(context.artifacts)
    given = None if attributes is None else read_attributes(attributes)
    with Progress(console=context.console, transient=True) as bar:
        task = bar.add_task("scoring all customers", total=None)
        found = targets(
            project,
            purchase_propensity,
            number,
            product_id=product,
            attributes=given,
            progress=lambda done, everybody: bar.update(task, completed=done, total=everybody),
        )
    context.console.print(buyers_table(found, top))
    context.console.print(
        f"Expected buyers: {found.buyers:,.0f} [{found.low:,.0f}, {found.high:,.0f}] "
        f"of {len(found.customers):,} customers; {found.note}.",
        soft_wrap=True,
    )
    if to is not None:
        with whole_file(to) as draft:
            found.customers.to_csv(draft, index=False)
        context.console.print(f"Written to {to}", soft_wrap=True)
    context.answer(
        {
            "product_id": found.product_id,
            "launch": found.launch,
            "buyers": {"value": found.buyers, "low": found.low, "high": found.high},
            "note": found.note,
            "customers": found.customers.head(top).to_dict("records"),
        }
    )


def next_(
    ctx: typer.Context,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Id of a customer.")],
    top: Annotated[int, typer.Option(min=1, help="How many products to print.")] = 10,
) -> None:
    """Tell what a customer is likeliest to buy next, from the scores that are live.

    Example: `shortlist next M00000042`
    """
    import pyarrow.dataset as ds

    from pipeline.release import read_release
    from pipeline.score_set import parts, read_score_set

    context = context_of(ctx)
    live = read_release(context.artifacts).live("purchase_propensity")
    scores = read_score_set(context.artifacts, "purchase_propensity", live.score_set)
    rows = (
        ds.dataset(parts(context.artifacts, scores))
        .to_table(filter=ds.field("customer_id") == customer)
        .sort_by([("probability", "descending"), ("product_id", "ascending")])
        .slice(0, top)
        .select(["product_id", "state", "probability"])
        .to_pylist()
    )
    if not rows:
        raise NoScoresError(
            f"no such customer was known at {scores.as_of}, when the live scores were made. "
            "Look at the id; who joined since then is scored by the next `shortlist run`."
        )
    context.console.print(products_table(customer, rows))
    context.answer({"customer_id": customer, "as_of": scores.as_of.isoformat(), "products": rows})


def newest_version(artifacts: Path) -> str:
    """Return the newest version of the model, whether or not the gate let it through."""
    from pipeline.versions import UnknownVersionError, versions

    known = versions(artifacts, "purchase_propensity")
    if not known:
        raise UnknownVersionError(
            "purchase_propensity has not been trained. Start with `shortlist run`."
        )
    return known[-1].number


def read_attributes(path: Path) -> dict[str, Any]:
    """Return the attributes in a JSON file.

    Raises
    ------
    AttributesError
        If it is missing or holds anything but one JSON object.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AttributesError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(document, dict):
        raise AttributesError(
            f'{path} has to hold one JSON object such as {{"product_id": "TV20"}}'
        )
    return document


def buyers_table(found: "Targets", top: int) -> "Table":
    """Return the likeliest customers as rows."""
    from rich.table import Table

    table = Table(title=f"{found.product_id}: likeliest buyers")
    table.add_column("rank", justify="right")
    table.add_column("customer")
    table.add_column("state")
    table.add_column("probability", justify="right")
    for rank, row in enumerate(found.customers.head(top).itertuples(), start=1):
        table.add_row(str(rank), str(row.customer_id), str(row.state), f"{row.probability:.4f}")
    return table


def products_table(customer: str, rows: list[dict[str, Any]]) -> "Table":
    """Return the likeliest products as rows."""
    from rich.table import Table

    table = Table(title=f"{customer}: likeliest products")
    table.add_column("rank", justify="right")
    table.add_column("product")
    table.add_column("state")
    table.add_column("probability", justify="right")
    for rank, row in enumerate(rows, start=1):
        table.add_row(str(rank), row["product_id"], row["state"], f"{row['probability']:.4f}")
    return table
