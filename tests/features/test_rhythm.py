from shop import sale
from spec import Spec, check_specs

from features.rhythm import (
    elapsed_over_longest_gap_ratio,
    gap_deviation_days,
    gap_variation_ratio,
    last_gap_days,
    longest_gap_days,
    overdue_score,
)

#: Gaps of 10, 10 and 16 days, and two orders on the last day.
SOME = [sale("ann", day) for day in ("2024-04-01", "2024-04-11", "2024-04-21", "2024-05-07")]
CLOCK = [sale("bob", day) for day in ("2024-05-01", "2024-05-11", "2024-05-21")]
TWICE = [sale("cho", "2024-05-01"), sale("cho", "2024-05-11"), sale("cho", "2024-05-11")]
ONCE = [sale("dee", "2024-05-01")]

SPECS = (
    Spec(
        "two gaps are needed to deviate",
        gap_deviation_days,
        [*SOME, *CLOCK, *TWICE],
        {"ann": 12**0.5, "bob": 0.0, "cho": None},
    ),
    Spec(
        "a clock has no irregularity",
        gap_variation_ratio,
        [*SOME, *CLOCK, *ONCE],
        {"ann": 12**0.5 / 12, "bob": 0.0, "dee": None},
    ),
    Spec("the longest pause counts", longest_gap_days, [*SOME, *ONCE], {"ann": 16, "dee": None}),
    Spec("two orders of a day have no gap", last_gap_days, [*SOME, *TWICE], {"ann": 16, "cho": 10}),
    Spec(
        "away for longer than ever is above one",
        elapsed_over_longest_gap_ratio,
        [*SOME, *TWICE, *ONCE],
        {"ann": 25 / 16, "cho": 2.1, "dee": None},
    ),
    Spec(
        "lateness is measured in deviations, and a clock has none",
        overdue_score,
        [*SOME, *CLOCK],
        {"ann": (25 - 12) / 12**0.5, "bob": None},
    ),
)
test_spec = check_specs(SPECS)
