"""The tables a retailer delivers, column by column; `docs/tables.md` is generated from here."""

import ibis.expr.types as ir

from features.campaign_tables import Assignments, Campaigns, Contacts, Outcomes, Promotions
from features.columns import (
    CHANNELS,
    KNOWN_AFTER_IT_HAPPENED,
    available_time,
    customer_id,
    event_time,
    in_order,
)
from features.table import Column, Rule, Table

__all__ = [
    "TABLES",
    "TABLE_BY_NAME",
    "Assignments",
    "Campaigns",
    "CardEvents",
    "Consents",
    "Contacts",
    "Customers",
    "Interactions",
    "Outcomes",
    "Products",
    "Promotions",
    "Salespeople",
    "ServiceCases",
    "Stores",
    "Surveys",
    "Transactions",
    "Visits",
]


class Customers(Table):
    """A member; where history is kept, a member during a validity interval."""

    key = ("customer_id", "valid_from")
    required = True
    rules = (in_order("valid_from", "valid_to"),)

    customer_id = Column(kind="text", description="Identifies the member; never shown in errors.")
    joined_on = Column(kind="date", description="The day the person became a member.")
    valid_from = Column(
        kind="date",
        planned=True,
        nullable=True,
        description="First day on which this row describes the member.",
    )
    valid_to = Column(
        kind="date",
        planned=True,
        nullable=True,
        description="First day on which it no longer does; missing for the current row.",
    )
    birth_year = Column(
        kind="integer", nullable=True, minimum=1900, maximum=2100, description="Year of birth."
    )
    gender = Column(kind="text", nullable=True, description="As the retailer records it.")
    marital_status = Column(kind="text", nullable=True, description="As the retailer records it.")
    education = Column(kind="text", nullable=True, description="Highest education.")
    occupation = Column(kind="text", nullable=True, description="Occupation.")
    income_band = Column(kind="text", nullable=True, description="Band of household income.")
    children = Column(
        kind="integer",
        nullable=True,
        minimum=0,
        maximum=30,
        unit="persons",
        description="Children in the household.",
    )
    region = Column(kind="text", nullable=True, description="Region or country.")
    city = Column(kind="text", nullable=True, description="City or district.")
    postal_code = Column(
        kind="text",
        nullable=True,
        purpose="contact",
        description="Postal code (six digits in Taiwan).",
    )
    language = Column(kind="text", nullable=True, description="Preferred language (BCP 47).")
    household_id = Column(
        kind="text", nullable=True, description="Members of one household share it."
    )
    email = Column(kind="text", nullable=True, purpose="contact", description="E-mail address.")
    phone = Column(kind="text", nullable=True, purpose="contact", description="Telephone number.")
    address = Column(kind="text", nullable=True, purpose="contact", description="Postal address.")
    interests = Column(
        kind="text", nullable=True, description="Interests the member stated, separated by `|`."
    )


class Products(Table):
    """A product edition."""

    key = ("product_id",)
    required = True
    rules = (in_order("launched_on", "withdrawn_on"),)

    product_id = Column(kind="text", description="Identifies the product edition.")
    name = Column(kind="text", nullable=True, description="Name as printed on the receipt.")
    brand = Column(kind="text", nullable=True, description="Brand.")
    category = Column(kind="text", nullable=True, description="First level of the category path.")
    category_2 = Column(
        kind="text", nullable=True, description="Second level of the category path."
    )
    category_3 = Column(kind="text", nullable=True, description="Third level of the category path.")
    list_price = Column(
        kind="money", nullable=True, minimum=0, description="List price of a piece."
    )
    unit_cost = Column(kind="money", nullable=True, minimum=0, description="Cost of a piece.")
    launched_on = Column(kind="date", planned=True, nullable=True, description="First day on sale.")
    withdrawn_on = Column(
        kind="date", planned=True, nullable=True, description="First day no longer on sale."
    )
    family = Column(
        kind="text", nullable=True, description="Editions that succeed each other share it."
    )
    generation = Column(
        kind="integer", nullable=True, minimum=0, description="Position within the family, from 1."
    )
    version = Column(kind="text", nullable=True, description="Version as marketed, such as `3.0`.")
    language = Column(kind="text", nullable=True, description="Language of the edition (BCP 47).")
    days_of_supply = Column(
        kind="number",
        nullable=True,
        minimum=0,
        maximum=3650,
        unit="days",
        description="How long one piece lasts; missing for what is not used up.",
    )
    purpose = Column(
        kind="text",
        nullable=True,
        choices=("general", "health"),
        description="`health` where a purchase tells of an illness: invisible to features.",
    )
    attributes = Column(
        kind="text", nullable=True, description="Further attributes as a JSON object."
    )


def _sale_is_positive(table: ir.Table) -> ir.BooleanValue:
    return (table.kind == "sale").ifelse(table.quantity > 0, table.quantity < 0)


def _return_pays_back(table: ir.Table) -> ir.BooleanValue:
    return (table.kind == "sale").ifelse(table.amount >= 0, table.amount <= 0)


class Transactions(Table):
    """A receipt line; returns are rows of kind `return`, negative in quantity and amount."""

    key = ("line_id",)
    required = True
    rules = (
        Rule(
            "quantity_has_the_sign_of_its_kind",
            "quantity is above 0 on a sale and below 0 on a return",
            _sale_is_positive,
            ("kind", "quantity"),
        ),
        Rule(
            "amount_has_the_sign_of_its_kind",
            "amount is not negative on a sale and not positive on a return",
            _return_pays_back,
            ("kind", "amount"),
        ),
        KNOWN_AFTER_IT_HAPPENED,
    )

    line_id = Column(kind="text", description="Identifies the receipt line.")
    order_id = Column(kind="text", description="Lines of one receipt share it.")
    customer_id = customer_id(nullable=True)
    product_id = Column(kind="text", description="The product.", references="products.product_id")
    store_id = Column(
        kind="text", nullable=True, description="The store.", references="stores.store_id"
    )
    salesperson_id = Column(
        kind="text",
        nullable=True,
        description="Who sold it.",
        references="salespeople.salesperson_id",
    )
    event_time = event_time("the purchase")
    available_time = available_time()
    quantity = Column(kind="number", unit="pieces", description="Pieces; negative on a return.")
    amount = Column(
        kind="money", description="Paid for the line after discount; negative on a return."
    )
    discount = Column(
        kind="money", nullable=True, minimum=0, description="Taken off the list price."
    )
    promotion_id = Column(
        kind="text",
        nullable=True,
        description="The promotion that applied.",
        references="promotions.promotion_id",
    )
    channel = Column(kind="text", nullable=True, description="Where it was bought, such as `web`.")
    kind = Column(kind="text", choices=("sale", "return"), description="`sale` or `return`.")


class Stores(Table):
    """A shop."""

    key = ("store_id",)
    store_id = Column(kind="text", description="Identifies the store.")
    region = Column(kind="text", nullable=True, description="Region.")
    city = Column(kind="text", nullable=True, description="City or district.")
    format = Column(kind="text", nullable=True, description="Format, such as `mall` or `street`.")
    opened_on = Column(kind="date", planned=True, nullable=True, description="Opening day.")


class Salespeople(Table):
    """A seller."""

    key = ("salesperson_id",)
    salesperson_id = Column(kind="text", description="Identifies the seller.")
    store_id = Column(
        kind="text",
        nullable=True,
        description="Where the seller works.",
        references="stores.store_id",
    )


class Consents(Table):
    """A consent granted or withdrawn; the latest one of a customer, channel and purpose holds."""

    key = ("customer_id", "channel", "purpose", "event_time")
    rules = (KNOWN_AFTER_IT_HAPPENED,)
    customer_id = customer_id()
    channel = Column(kind="text", choices=CHANNELS, description="Channel of the contact.")
    purpose = Column(kind="text", description="What for: `marketing`, `health`, ...")
    granted = Column(kind="flag", description="True where granted, false where withdrawn.")
    event_time = event_time("the choice")
    available_time = available_time()


class CardEvents(Table):
    """A step of the co-branded card."""

    key = ("customer_id", "step", "event_time")
    rules = (KNOWN_AFTER_IT_HAPPENED,)
    customer_id = customer_id()
    step = Column(
        kind="text",
        choices=("applied", "approved", "declined", "activated", "cancelled"),
        description="What happened.",
    )
    event_time = event_time("the step")
    available_time = available_time()


class Interactions(Table):
    """A search, visit, click, open, view, like or comment."""

    key = ("customer_id", "kind", "subject", "event_time")
    rules = (KNOWN_AFTER_IT_HAPPENED,)
    customer_id = customer_id()
    kind = Column(
        kind="text", description="`search`, `visit`, `click`, `open`, `view`, `like`, ..."
    )
    subject = Column(kind="text", nullable=True, description="A product, category or campaign.")
    event_time = event_time("the interaction")
    available_time = available_time()


class Visits(Table):
    """A visit to a doctor; needs written consent for any use."""

    key = ("customer_id", "kind", "event_time")
    rules = (KNOWN_AFTER_IT_HAPPENED,)
    customer_id = customer_id()
    kind = Column(kind="text", purpose="health", description="Kind of visit.")
    answer = Column(kind="text", nullable=True, purpose="health", description="What was recorded.")
    event_time = Column(
        kind="time", purpose="health", description="When the visit took place (UTC)."
    )
    available_time = available_time()


class Surveys(Table):
    """An answer to a questionnaire."""

    key = ("customer_id", "kind", "event_time")
    rules = (KNOWN_AFTER_IT_HAPPENED,)
    customer_id = customer_id()
    kind = Column(kind="text", description="The question.")
    answer = Column(kind="text", nullable=True, description="The answer.")
    event_time = event_time("the answer")
    available_time = available_time()


class ServiceCases(Table):
    """A service contact."""

    key = ("customer_id", "kind", "event_time")
    rules = (KNOWN_AFTER_IT_HAPPENED,)
    customer_id = customer_id()
    kind = Column(kind="text", description="Kind of case, such as `repair` or `complaint`.")
    answer = Column(kind="text", nullable=True, description="How it ended.")
    event_time = event_time("the contact")
    available_time = available_time()


TABLES: tuple[type[Table], ...] = (
    Customers,
    Products,
    Transactions,
    Stores,
    Salespeople,
    Consents,
    CardEvents,
    Promotions,
    Campaigns,
    Assignments,
    Contacts,
    Outcomes,
    Interactions,
    Visits,
    Surveys,
    ServiceCases,
)

TABLE_BY_NAME: dict[str, type[Table]] = {table.table_name: table for table in TABLES}
