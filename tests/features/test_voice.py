from shop import fact, member
from spec import Spec, check_specs

from features.voice import (
    answer_count_365d,
    complaint_case_count_365d,
    days_since_last_service_case,
    lowest_satisfaction_score_365d,
    mean_satisfaction_score,
    service_case_count_within,
)


def answered(when, answer, kind="satisfaction"):
    return fact("surveys", "ann", when, kind=kind, answer=answer)


def case(when, kind):
    return fact("service_cases", "ann", when, kind=kind)


MEMBERS = [member("ann", "2022-01-01"), member("bob")]
ANSWERS = [
    answered("2022-05-01", "1"),
    answered("2024-05-01", "5"),
    answered("2024-05-02", "3"),
    answered("2024-05-03", "great"),
    answered("2024-05-04", "1", kind="recommendation"),
    *MEMBERS,
]
CASES = [case("2023-01-01", "complaint"), case("2024-05-02", "repair"), *MEMBERS]

SPECS = (
    Spec("every answer of the year counts", answer_count_365d, ANSWERS, {"ann": 4, "bob": 0}),
    Spec("answers that are numbers", mean_satisfaction_score, ANSWERS, {"ann": 3.0, "bob": None}),
    Spec("an old grudge is forgotten", lowest_satisfaction_score_365d, ANSWERS, {"ann": 3.0}),
    Spec("in the window", service_case_count_within[90], CASES, {"ann": 1, "bob": 0}),
    Spec("older than a year", complaint_case_count_365d, CASES, {"ann": 0, "bob": 0}),
    Spec("the newest case", days_since_last_service_case, CASES, {"ann": 30, "bob": None}),
)
test_spec = check_specs(SPECS)
