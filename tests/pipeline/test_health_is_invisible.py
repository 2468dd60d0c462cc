import ibis
from shop import contact, fact, look, product, sale, table

from pipeline.events import as_events


def seen(name, **tables):
    events = as_events({k: table(k, rows) for k, rows in tables.items()}, time_zone="UTC")
    return ibis.duckdb.connect().to_pandas(events[name])


SHELF = [
    product("pill", purpose="health", category="care", category_2="diabetes"),
    product("soap", purpose="general", category="care", category_2="washing"),
    product("cup"),
]


def test_a_purchase_of_a_health_product_is_not_seen():
    lines = [sale("ann", "2024-05-01", product="pill"), sale("ann", "2024-05-02", product="cup")]
    assert list(seen("transactions", transactions=lines, products=SHELF).product_id) == ["cup"]


def test_a_product_without_a_purpose_is_seen():
    assert set(seen("products", products=SHELF).product_id) == {"soap", "cup"}


def test_a_look_at_a_health_product_or_at_a_category_of_nothing_else_is_not_seen():
    looks = [look("ann", "2024-05-01", "view", subject)
             for subject in ("pill", "diabetes", "care", "soap", None)]  # fmt: skip
    kept = seen("interactions", interactions=looks, products=SHELF).subject
    assert set(kept.dropna()) == {"care", "soap"}
    assert kept.isna().sum() == 1


def test_a_contact_about_a_health_product_is_not_seen():
    campaigns = [{"campaign_id": "c1", "product_id": "pill"}, {"campaign_id": "c2"}]
    contacts = [
        contact("ann", "2024-05-01", "email", campaign_id=name) for name in ("c1", "c2", None)
    ]
    kept = seen("contacts", contacts=contacts, campaigns=campaigns, products=SHELF).campaign_id
    assert list(kept.dropna()) == ["c2"]
    assert kept.isna().sum() == 1


def test_contact_columns_are_not_there():
    member = {"customer_id": "ann", "email": "a@example.invalid", "postal_code": "106"}
    assert not {"email", "phone", "address", "postal_code"} & set(
        seen("customers", customers=[member]).columns
    )


def test_doctors_visits_keep_neither_kind_nor_answer_nor_time():
    visits = [fact("visits", "ann", "2024-05-01", kind="first", answer="continue")]
    assert set(seen("visits", visits=visits).columns) == {"customer_id", "available_time"}
