"""The tables of offers and campaigns: what was planned, drawn, delivered and came back."""

from features.columns import (
    CHANNELS,
    KNOWN_AFTER_IT_HAPPENED,
    available_time,
    customer_id,
    event_time,
    in_order,
    share,
)
from features.table import Column, Table


class Promotions(Table):
    """A price or bundle offer that anybody in its scope can use."""

    key = ("promotion_id",)
    rules = (in_order("starts_on", "ends_on"),)
    promotion_id = Column(kind="text", description="Identifies the promotion.")
    product_ids = Column(
        kind="text", nullable=True, description="Products in scope, separated by `|`."
    )
    categories = Column(
        kind="text", nullable=True, description="Categories in scope, separated by `|`."
    )
    store_ids = Column(
        kind="text", nullable=True, description="Stores in scope by `|`; missing: all."
    )
    mechanic = Column(kind="text", nullable=True, description="Such as `price_off` or `bundle`.")
    discount_share = share("Share taken off.")
    starts_on = Column(kind="date", planned=True, description="First day.")
    ends_on = Column(kind="date", planned=True, description="First day after the end.")


class Campaigns(Table):
    """A targeted action."""

    key = ("campaign_id",)
    rules = (in_order("starts_at", "ends_at"),)
    campaign_id = Column(kind="text", description="Identifies the campaign.")
    goal = Column(kind="text", nullable=True, description="What it is for.")
    channel = Column(
        kind="text", nullable=True, choices=CHANNELS, description="Channel of the contact."
    )
    offer = Column(kind="text", nullable=True, description="What is offered.")
    product_id = Column(
        kind="text",
        nullable=True,
        description="Product on offer.",
        references="products.product_id",
    )
    starts_at = Column(kind="time", planned=True, description="Start (UTC).")
    ends_at = Column(
        kind="time", planned=True, nullable=True, description="End of the outcome window (UTC)."
    )
    contact_cost = Column(kind="money", nullable=True, minimum=0, description="Cost of a contact.")
    redemption_cost = Column(
        kind="money", nullable=True, minimum=0, description="Cost of a redeemed offer."
    )
    margin_share = share("Margin as a share of sales.")


class Assignments(Table):
    """The arm a customer drew in a campaign."""

    key = ("campaign_id", "customer_id")
    campaign_id = Column(
        kind="text", description="The campaign.", references="campaigns.campaign_id"
    )
    customer_id = customer_id()
    arm = Column(kind="text", description="The arm; `control` was left alone.")
    probability = share("Probability with which the arm was drawn.")
    assigned_at = Column(kind="time", description="When it was drawn (UTC).")


class Contacts(Table):
    """A contact that was delivered, or was tried."""

    key = ("campaign_id", "customer_id", "channel", "event_time")
    rules = (KNOWN_AFTER_IT_HAPPENED,)
    campaign_id = Column(
        kind="text", nullable=True, description="The campaign.", references="campaigns.campaign_id"
    )
    customer_id = customer_id()
    channel = Column(kind="text", choices=CHANNELS, description="Channel.")
    status = Column(kind="text", description="Such as `sent`, `bounced` or `complained`.")
    event_time = event_time("the contact")
    available_time = available_time()


class Outcomes(Table):
    """What came back from a campaign."""

    key = ("campaign_id", "customer_id", "kind", "event_time")
    rules = (KNOWN_AFTER_IT_HAPPENED,)
    campaign_id = Column(
        kind="text", description="The campaign.", references="campaigns.campaign_id"
    )
    customer_id = customer_id()
    kind = Column(kind="text", description="Such as `visit`, `redemption` or `purchase`.")
    value = Column(kind="number", nullable=True, description="Amount or count, as the kind says.")
    event_time = event_time("the outcome")
    available_time = available_time()
