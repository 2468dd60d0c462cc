"""Who a customer is, as recorded at the cut-off; never what identifies a person."""

import ibis
import ibis.expr.types as ir

from features.definition import feature
from features.grains import profiles

#: From this age on, and up to which, a stage of life is assumed.
ADULT_FROM, SENIOR_FROM = 18, 60
YOUNG_UNTIL = 35


@feature(profiles, unit="years", en="Age", zh="年齡")
def age_years(rows: ir.Table) -> ir.Value:
    """Year of the cut-off less the year of birth; null where that is unknown.

    Up to a year too high, since the day of birth is not kept. An age below 0 or above 120
    is a mistake in the data and null.
    """
    age = (rows.as_of.year() - rows.birth_year).max()
    return age.between(0, 120).ifelse(age, ibis.null("int64"))


@feature(profiles, unit="text", en="Gender", zh="性別")
def gender(rows: ir.Table) -> ir.Value:
    """As the retailer records it; null where unknown."""
    return rows.gender.max()


@feature(profiles, unit="text", en="Marital status", zh="婚姻狀況")
def marital_status(rows: ir.Table) -> ir.Value:
    """As the retailer records it; null where unknown."""
    return rows.marital_status.max()


@feature(profiles, unit="text", en="Education", zh="教育程度")
def education(rows: ir.Table) -> ir.Value:
    """Highest education as recorded; null where unknown."""
    return rows.education.max()


@feature(profiles, unit="text", en="Occupation", zh="職業")
def occupation(rows: ir.Table) -> ir.Value:
    """Occupation as recorded; null where unknown."""
    return rows.occupation.max()


@feature(profiles, unit="text", en="Income band", zh="收入級距")
def income_band(rows: ir.Table) -> ir.Value:
    """Band of household income as recorded; null where unknown."""
    return rows.income_band.max()


@feature(profiles, unit="persons", en="Children in the household", zh="家中子女人數")
def children_count(rows: ir.Table) -> ir.Value:
    """Children in the household as recorded; null where unknown, which is not none."""
    return rows.children.max()


@feature(profiles, unit="text", en="Region of residence", zh="居住地區")
def home_region(rows: ir.Table) -> ir.Value:
    """Region or country of the address at the cut-off; null where unknown."""
    return rows.region.max()


@feature(profiles, unit="text", en="City of residence", zh="居住城市")
def home_city(rows: ir.Table) -> ir.Value:
    """City or district of the address at the cut-off; null where unknown."""
    return rows.city.max()


@feature(profiles, unit="text", en="Preferred language", zh="慣用語言")
def preferred_language(rows: ir.Table) -> ir.Value:
    """Preferred language (BCP 47); null where unknown."""
    return rows.language.max()


@feature(profiles, unit="interests", en="Interests stated", zh="填寫的興趣數", empty=0)
def stated_interest_count(rows: ir.Table) -> ir.Value:
    """Interests the member stated; 0 where none is recorded."""
    bars = rows.interests.length() - rows.interests.replace("|", "").length()
    return (bars + 1).max().fill_null(0)


@feature(profiles, unit="text", en="Stage of life", zh="人生階段")
def life_stage(rows: ir.Table) -> ir.Value:
    """Stage of life from age, children and marriage, as recorded; null where age is unknown.

    `senior` from 60 years on; else `family` with children in the household; else `couple`
    where married; else `young` below 35 years and `single` from there on. Children unknown
    count as none.
    """
    age = (rows.as_of.year() - rows.birth_year).max()
    return ibis.cases(
        (age.isnull(), ibis.null("string")),
        (age >= SENIOR_FROM, "senior"),
        (rows.children.max() > 0, "family"),
        (rows.marital_status.max() == "married", "couple"),
        (age < YOUNG_UNTIL, "young"),
        else_="single",
    )
