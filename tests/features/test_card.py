from shop import fact, member
from spec import Spec, check_specs

from features.card import (
    card_state,
    days_since_card_activation,
    days_since_card_application,
    holds_card,
)


def step(customer, when, name):
    return fact("card_events", customer, when, step=name)


ROWS = [
    step("ann", "2024-04-01", "applied"),
    step("ann", "2024-04-05", "approved"),
    step("ann", "2024-05-02", "activated"),
    step("bob", "2024-03-01", "activated"),
    step("bob", "2024-05-02", "cancelled"),
    step("cho", "2024-05-02", "declined"),
    step("cho", "2024-05-02", "applied"),
    *(member(name) for name in ("ann", "bob", "cho", "dee")),
]

SPECS = (
    Spec(
        "steps of one moment follow each other as they must",
        card_state,
        ROWS,
        {"ann": "activated", "bob": "cancelled", "cho": "declined", "dee": None},
    ),
    Spec(
        "a cancelled card is not held", holds_card, ROWS, {"ann": 1, "bob": 0, "cho": 0, "dee": 0}
    ),
    Spec("the latest application", days_since_card_application, ROWS, {"ann": 61, "bob": None}),
    Spec("the latest activation", days_since_card_activation, ROWS, {"ann": 30, "bob": 92}),
)
test_spec = check_specs(SPECS)
