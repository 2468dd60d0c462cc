from shop import contact, fact, member
from spec import Spec, check_specs

from features.contact_pressure import (
    bounced_contact_share,
    channel_contact_count_within,
    contact_count_within,
    contact_pressure_ratio,
    days_since_last_contact,
    permitted_channel_count,
)

ROWS = [
    contact("ann", "2024-05-30", "email", "bounced"),
    contact("ann", "2024-05-20", "email"),
    contact("ann", "2024-05-10", "sms"),
    contact("ann", "2024-01-10", "email"),
    member("ann"),
    member("bob"),
]


def choice(customer, when, channel, *, granted, purpose="marketing", **given):
    return fact(
        "consents", customer, when, channel=channel, granted=granted, purpose=purpose, **given
    )


CHOICES = [
    choice("ann", "2024-01-01", "email", granted=True),
    choice("ann", "2024-01-01", "sms", granted=True),
    choice("ann", "2024-05-01", "sms", granted=False),
    choice("ann", "2024-01-01", "line", granted=True, purpose="health"),
    choice("bob", "2024-01-01", "email", granted=True),
    choice("bob", "2024-05-01", "email", granted=False, known="2024-06-01"),
]

SPECS = (
    Spec("a bounce is not a contact", contact_count_within[30], ROWS, {"ann": 2, "bob": 0}),
    Spec("by channel", channel_contact_count_within["sms"][30], ROWS, {"ann": 1, "bob": 0}),
    Spec("a bounce is not a contact", days_since_last_contact, ROWS, {"ann": 12, "bob": None}),
    Spec(
        "2 this month against 3 in twelve", contact_pressure_ratio, ROWS, {"ann": 8.0, "bob": None}
    ),
    Spec("1 of 4 tried", bounced_contact_share, ROWS, {"ann": 0.25, "bob": None}),
    Spec(
        "the latest choice that was known holds",
        permitted_channel_count,
        CHOICES,
        {"ann": 1, "bob": 1},
    ),
)
test_spec = check_specs(SPECS)
