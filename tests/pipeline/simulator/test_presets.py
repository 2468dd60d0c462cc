"""The two smaller retailers hold what their marketers ask for."""

import duckdb
import pytest

from pipeline.simulator.calendar import SEASONS
from pipeline.simulator.presets import PRESETS


@pytest.fixture(scope="module")
def software(simulated):
    return views(simulated("software"))


@pytest.fixture(scope="module")
def refill(simulated):
    return views(simulated("refill"))


def views(folder):
    connection = duckdb.connect()
    for path in folder.glob("*.parquet"):
        connection.execute(f"create view {path.stem} as from '{path}'")
    return connection


def one(connection, question):
    return connection.execute(question).fetchall()[0][0]


def test_some_europeans_outside_france_own_an_english_2_and_no_3(software):
    found = one(
        software,
        """
        with owned as (
            select distinct customer_id, family, version, products.language
            from transactions join products using (product_id) where kind = 'sale')
        select count(distinct customer_id) from owned o join customers using (customer_id)
        where region = 'Europe' and city <> 'France' and o.language = 'en' and version = '2.0'
        and not exists(from owned n where n.customer_id = o.customer_id
            and n.family = o.family and n.version = '3.0')
        """,
    )
    assert found > 20


def test_members_buy_editions_in_their_own_language(software):
    own = one(
        software,
        """
        select avg((p.language = c.language)::int) from transactions t
        join products p using (product_id) join customers c using (customer_id)
        where p.language is not null and c.valid_to is null
        """,
    )
    assert own > 0.85


def test_software_is_sold_without_stores(software):
    assert one(software, "select count(*) from transactions where store_id is not null") == 0
    assert one(software, "select count(*) from transactions where channel = 'store'") == 0


def test_tablets_are_fetched_every_28_days_for_each_box(refill):
    days = one(
        refill,
        """
        with boxes as (
            select customer_id, event_time, sum(quantity) as boxes
            from transactions join products using (product_id)
            where days_of_supply = 28 and kind = 'sale' group by all)
        select median(gap / boxes) from (
            select boxes, date_diff('day', event_time, lead(event_time)
                over (partition by customer_id order by event_time)) as gap from boxes)
        """,
    )
    assert days == pytest.approx(28, abs=2)


def test_three_boxes_earn_a_gift_which_is_sent_or_still_owed(refill):
    owed, sent, surplus = refill.execute(
        """
        with member as (
            select customer_id,
                sum(case when days_of_supply = 28 then quantity else 0 end) // 3 as earned,
                count(*) filter (name like '%gift%') as sent
            from transactions join products using (product_id)
            where kind = 'sale' group by 1)
        select sum((earned > sent)::int), sum(sent), sum((sent > earned)::int) from member
        """
    ).fetchall()[0]
    assert owed > 100
    assert sent > 1000
    assert surplus == 0
    paid = "select max(amount) from transactions join products using (product_id)"
    assert one(refill, paid + " where name like '%gift%'") == 0


def test_health_products_need_written_consent_that_some_withdraw(refill):
    granted, withdrawn = refill.execute(
        "select sum(granted::int), sum((not granted)::int) from consents where purpose = 'health'"
    ).fetchall()[0]
    assert granted > 1500
    assert withdrawn > 100
    assert one(refill, "select count(*) from products where purpose = 'health'") == 2
    assert one(refill, "select count(*) from visits") > 1000


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_a_preset_names_only_what_exists(preset):
    families = {family.name for family in preset.families}
    assert sum(stage.share for stage in preset.life_stages) == pytest.approx(1)
    assert sum(region.share for region in preset.regions) == pytest.approx(1)
    for companion in preset.companions:
        assert {companion.lead, companion.companion} <= families
    for family in preset.families:
        assert family.machine is None or family.machine in families
        assert set(family.season) <= set(SEASONS)
        assert (family.role == "consumable") == (family.supply_days is not None)
    assert len({family.title for family in preset.families}) == len(families)
