"""What is refused, and how the refusal says to mend it."""

import ibis
import pytest
from ibis import _

from features.contract import FeatureError, check
from features.definition import feature, grain, view
from features.grains import baskets, profiles
from features.lineage import lineage
from features.price import price_tier_share
from features.recency import days_since_last_purchase


def refusal(one) -> str:
    with pytest.raises(FeatureError) as raised:
        check(one)
    return str(raised.value)


def declared(grain_, aggregate, *, unit="days", **words):
    """Declare `recent_days`, or whatever the function is called."""
    words = {"en": "Recent", "zh": "近期", **words}
    return feature(grain_, unit=unit, **words)(aggregate)


def test_a_contact_column_is_refused_with_the_reason():
    def mailable_ratio(rows):
        """Whether there is an address; null without a row."""
        return rows.email.count()

    said = refusal(declared(profiles, mailable_ratio, unit="ratio"))
    assert "mailable_ratio uses customers.email, of the purpose class contact" in said
    assert "Drop it from the feature and from profiles" in said


def test_a_contact_column_that_only_decides_which_rows_count_is_refused():
    @grain()
    def local_members(customers):
        return customers.filter(_.postal_code == "106").select(
            "customer_id", event_on=_.joined_on, available_on=_.joined_on
        )

    def local_days(rows):
        """Days since joining; null elsewhere."""
        return rows.days_before.max()

    assert "customers.postal_code" in refusal(declared(local_members, local_days))


def test_a_health_column_is_refused_with_the_reason():
    @grain()
    def doctors(visits):
        return visits

    def doctor_days(rows):
        """Days since a visit; null without one."""
        return rows.days_before.min()

    said = refusal(declared(doctors, doctor_days))
    assert "health" in said
    assert "written consent" in said


def test_an_undeclared_table_is_refused_with_those_that_are():
    @grain()
    def weather(forecasts):
        return forecasts

    def rain_days(rows):
        """Days since it rained; null where it never did."""
        return rows.days_before.min()

    said = refusal(declared(weather, rain_days))
    assert "reads the table forecasts, which is not declared" in said
    assert "transactions" in said


def test_an_undeclared_column_is_refused_with_those_that_are():
    def hurried_days(rows):
        """Days since a hurry; null without one."""
        return rows.hurry.min()

    said = refusal(declared(baskets, hurried_days))
    assert "hurry" in said
    assert "days_before" in said


def test_an_undeclared_column_in_a_grain_is_refused_with_those_that_are():
    @grain()
    def weighed(transactions):
        return transactions.mutate(kilos=transactions.weight)

    def heavy_days(rows):
        """Days since something heavy; null without it."""
        return rows.days_before.min()

    said = refusal(declared(weighed, heavy_days))
    assert "weight" in said
    assert "transactions: line_id" in said


@pytest.mark.parametrize(
    "aggregate",
    [lambda rows: rows.days_before, lambda rows: rows.days_before * 2],
    ids=["a column", "a calculated column"],
)
def test_a_column_of_another_length_is_refused(aggregate):
    aggregate.__name__ = "recent_days"
    aggregate.__doc__ = "Null without a sale."
    said = refusal(declared(baskets, aggregate))
    assert "one value for each row instead of one for each customer" in said
    assert "rows.days_before.min()" in said


def test_what_is_no_ibis_value_is_refused():
    def recent_days(_rows):
        """Null without a sale."""
        return 3

    assert "returns int, not an Ibis value" in refusal(declared(baskets, recent_days))


def test_a_running_value_is_of_another_length_and_refused():
    def recent_days(rows):
        """Null without a sale."""
        return rows.days_before.min().over(ibis.window(group_by="order_id"))

    assert "one value for each row" in refusal(declared(baskets, recent_days))


def test_rows_of_another_table_are_refused():
    elsewhere = ibis.table({"customer_id": "string", "days_before": "int64"}, name="elsewhere")

    def recent_days(_rows):
        """Null without a sale."""
        return elsewhere.days_before.min()

    said = refusal(declared(baskets, recent_days))
    assert "looks at other rows than those of baskets" in said
    assert "Use only its argument `rows`" in said


def test_a_grain_that_forgets_when_a_row_was_known_is_refused():
    @grain()
    def totals(transactions):
        return transactions.group_by(["customer_id", "event_on"]).aggregate(n=_.count())

    def recent_days(rows):
        """Null without a sale."""
        return rows.days_before.min()

    said = refusal(declared(totals, recent_days))
    assert "totals loses event_on or available_on" in said
    assert "Keep both" in said


def test_a_date_is_refused_and_days_are_offered_instead():
    def recent_days(rows):
        """Null without a sale."""
        return rows.event_on.max()

    said = refusal(declared(baskets, recent_days))
    assert "returns date" in said
    assert "Count the days instead" in said


def test_text_under_a_unit_of_numbers_is_refused():
    def recent_days(rows):
        """Null without a sale."""
        return rows.channel.max()

    assert "returns string, but its unit 'days' needs a number" in refusal(
        declared(baskets, recent_days)
    )


def test_a_name_that_hides_its_unit_is_refused():
    def recency(rows):
        """Null without a sale."""
        return rows.days_before.min()

    assert "does not say that it is in days" in refusal(declared(baskets, recency))


def test_an_unknown_unit_is_refused():
    def recent_moons(rows):
        """Null without a sale."""
        return rows.days_before.min()

    assert "'moons'" in refusal(declared(baskets, recent_moons, unit="moons"))


def test_a_missing_label_is_refused():
    def recent_days(rows):
        """Null without a sale."""
        return rows.days_before.min()

    assert "no label in zh-TW" in refusal(declared(baskets, recent_days, zh=""))


def test_silence_about_null_is_refused():
    def recent_days(rows):
        """Days since a sale."""
        return rows.days_before.min()

    assert "does not say what null means" in refusal(declared(baskets, recent_days))


def test_a_view_that_loses_the_customer_is_refused():
    @view(baskets)
    def by_day(rows):
        return rows.group_by("event_on").aggregate(days_before=_.days_before.min())

    def recent_days(rows):
        """Null without a sale."""
        return rows.days_before.min()

    assert "lack as_of, customer_id" in refusal(declared(by_day, recent_days))


def test_the_refusal_reaches_whoever_computes_a_snapshot():
    from shop import sale, shop, snapshot

    def mailable_ratio(rows):
        """Whether there is an address; null without a row."""
        return rows.email.count()

    with pytest.raises(FeatureError, match="identifies a person"):
        snapshot(shop(sale("ann", "2024-05-01")), declared(profiles, mailable_ratio, unit="ratio"))


def test_lineage_names_what_a_feature_reads_and_nothing_else():
    assert lineage(days_since_last_purchase) == {
        "transactions": ("available_on", "customer_id", "event_on", "kind", "order_id")
    }
    read = lineage(price_tier_share)
    assert "list_price" in read["products"]
    assert "launched_on" not in read["products"]


@pytest.mark.parametrize(
    ("aggregate", "said"),
    [
        (lambda rows: rows.amount.sum() / rows.pieces.sum(), "divide by `x.nullif(0)`"),
        (lambda rows: rows.amount.sum() % rows.pieces.sum(), "divide by `x.nullif(0)`"),
        (lambda rows: rows.amount.sum() / 0, "divide by `x.nullif(0)`"),
        (lambda rows: rows.amount.sum().cast("int64"), "`x.floor().cast(...)`"),
        (lambda rows: rows.amount.mean().round(), "`(x + 0.5).floor()`"),
        (lambda rows: rows.amount.sum().ln(), "`(x > 0).ifelse(x, None).ln()`"),
        (lambda rows: rows.amount.median(), "`x.quantile(0.5)`"),
        (lambda rows: rows.days_before.first(), "`x.argmin(time)`"),
        (lambda rows: rows.days_before.last(order_by=rows.amount), "`x.argmax(time)`"),
        (lambda rows: rows.days_before.mode(), "a view that counts"),
        (lambda rows: rows.days_before.bit_or(), "one flag a bit"),
        (lambda rows: rows.channel.approx_nunique(), "the exact form"),
        (lambda rows: rows.channel.hash().max(), "the exact form"),
        (lambda rows: rows.amount.isnan().any(), "test for null"),
        (lambda rows: rows.days_before.min() + ibis.random(), "count from the cut-off"),
    ],
)
def test_what_engines_disagree_on_is_refused_with_what_to_write(aggregate, said):
    aggregate.__name__ = "recent_days"
    aggregate.__doc__ = "Null without a sale."
    assert said in refusal(declared(baskets, aggregate))


def test_what_a_view_does_with_the_clock_is_refused_too():
    @view(baskets)
    def hurried(rows):
        spent = rows.as_of.cast("timestamp").delta(rows.event_on.cast("timestamp"), unit="hour")
        return rows.mutate(spent=spent)

    def recent_days(rows):
        """Null without a sale."""
        return rows.spent.min()

    assert "take `.date()` of both first" in refusal(declared(hurried, recent_days))


def test_a_view_that_joins_the_nearest_earlier_row_is_refused():
    @view(baskets)
    def nearest(rows):
        earlier = rows.view()
        joined = rows.asof_join(earlier, on="event_on", predicates=["customer_id", "as_of"])
        return joined.select(rows, spent=earlier.amount)

    def recent_days(rows):
        """Null without a sale."""
        return rows.spent.min()

    assert "`x.argmax(time)` of the earlier rows" in refusal(declared(nearest, recent_days))


@pytest.mark.parametrize(
    "aggregate",
    [
        lambda rows: rows.amount.sum() / rows.pieces.sum().nullif(0),
        lambda rows: rows.amount.sum() / 7,
        lambda rows: rows.amount.sum().floor().cast("int64"),
        lambda rows: (rows.amount.sum() > 0).ifelse(rows.amount.sum(), None).ln(),
        lambda rows: rows.amount.quantile(0.5),
        lambda rows: rows.days_before.argmin(rows.event_on),
    ],
)
def test_what_engines_agree_on_is_let_through(aggregate):
    aggregate.__name__ = "recent_days"
    aggregate.__doc__ = "Null without a sale."
    assert check(declared(baskets, aggregate))
