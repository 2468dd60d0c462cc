"""What is bought again and again: one row per customer, narrowest category and day."""

import ibis
import ibis.expr.types as ir
from ibis import _

from features.definition import grain


@grain()
def category_days(transactions: ir.Table, products: ir.Table) -> ir.Table:
    """One row per customer, narrowest category and day, split by the day our data knew of it.

    Only sales. `category` is the third level of the path, or the narrowest that is known; a
    product without any is a category of its own. `lasts_days` is how long what was bought
    lasts: pieces times days of supply (of the category's mean where a product does not say);
    null in a category whose products are not used up.
    """
    kept = products.mutate(
        category=ibis.coalesce(_.category_3, _.category_2, _.category, _.product_id),
        supply=(_.days_of_supply > 0).ifelse(_.days_of_supply, ibis.null("float64")),
    )
    usual = kept.group_by("category").aggregate(usual_supply=_.supply.mean())
    kept = kept.select("product_id", "category", "supply").left_join(usual, "category")
    kept = kept.select("product_id", "category", supply=_.supply.coalesce(_.usual_supply))
    sold = transactions.filter(_.kind == "sale", _.customer_id.notnull())
    return (
        sold.inner_join(kept, "product_id")
        .group_by(["customer_id", "category", "event_on", "available_on"])
        .aggregate(
            pieces=_.quantity.sum().cast("float64"),
            lasts_days=(_.quantity * _.supply).sum().cast("float64"),
        )
    )
