"""What a customer tells us: answers to surveys, and cases at the service desk."""

import ibis.expr.types as ir

from features.definition import feature, windowed_feature
from features.grains import answers, cases
from features.windows import YEAR

SATISFACTION = "satisfaction"


@feature(
    answers, unit="answers", en="Survey answers in the last year", zh="近一年問卷回覆數", empty=0
)
def answer_count_365d(rows: ir.Table) -> ir.Value:
    """Answers to questionnaires in the last 365 days; 0 without one."""
    return rows.count(where=rows.days_before <= YEAR)


@feature(answers, unit="score", en="Mean satisfaction", zh="平均滿意度")
def mean_satisfaction_score(rows: ir.Table) -> ir.Value:
    """Mean answer to the question `satisfaction`, on the scale of the questionnaire.

    Null without an answer to it that is a number.
    """
    return rows.score.mean(where=rows.kind == SATISFACTION)


@feature(answers, unit="score", en="Lowest satisfaction in the last year", zh="近一年最低滿意度")
def lowest_satisfaction_score_365d(rows: ir.Table) -> ir.Value:
    """Lowest answer to the question `satisfaction` in the last 365 days.

    Null without an answer to it that is a number. One bad visit weighs more than the mean.
    """
    return rows.score.min(where=(rows.kind == SATISFACTION) & (rows.days_before <= YEAR))


@windowed_feature(
    cases,
    days=(90, 365),
    unit="cases",
    en="Service cases in the last {days} days",
    zh="近 {days} 天服務案件數",
    empty=0,
)
def service_case_count_within(rows: ir.Table, days: int) -> ir.Value:
    """Contacts with the service desk in the window; 0 without one."""
    return rows.count(where=rows.days_before <= days)


@feature(cases, unit="cases", en="Complaints in the last year", zh="近一年客訴數", empty=0)
def complaint_case_count_365d(rows: ir.Table) -> ir.Value:
    """Cases of kind `complaint` in the last 365 days; 0 without one."""
    return rows.count(where=(rows.kind == "complaint") & (rows.days_before <= YEAR))


@feature(cases, unit="days", en="Days since the last service case", zh="距上次服務案件天數")
def days_since_last_service_case(rows: ir.Table) -> ir.Value:
    """Whole days from the latest service case to the cut-off, at least 1; null without a case."""
    return rows.days_before.min()
