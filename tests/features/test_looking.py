from shop import look, member
from spec import Spec, check_specs

from features.looking import (
    click_count_within,
    days_since_last_interaction,
    interaction_count_within,
    open_count_within,
    search_count_within,
    view_count_within,
)

ROWS = [
    look("ann", "2024-05-25", "search"),
    look("ann", "2024-05-25", "search"),
    look("ann", "2024-05-24", "search", "cups"),
    look("ann", "2024-05-20", "view"),
    look("ann", "2024-05-30", "open", "newsletter"),
    look("ann", "2024-05-20", "click", "newsletter"),
    look("ann", "2024-01-01", "like"),
    member("ann"),
    member("bob"),
]

SPECS = (
    Spec("an opened message is not counted", interaction_count_within[30], ROWS,
         {"ann": 5, "bob": 0}),
    Spec("eight days before is outside a week", search_count_within[7], ROWS, {"ann": 2, "bob": 0}),
    Spec("views only", view_count_within[30], ROWS, {"ann": 1, "bob": 0}),
    Spec("an opened message is no interaction", days_since_last_interaction, ROWS,
         {"ann": 7, "bob": None}),
    Spec("opens only", open_count_within[90], ROWS, {"ann": 1, "bob": 0}),
    Spec("clicks only", click_count_within[90], ROWS, {"ann": 1, "bob": 0}),
)  # fmt: skip
test_spec = check_specs(SPECS)
