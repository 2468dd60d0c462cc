from feature_page import PAGE, page

from features.catalogue import catalogue


def test_the_page_in_docs_is_up_to_date():
    written = PAGE.read_text(encoding="utf-8")
    assert written == page(), "docs/features.md is out of date: run `make docs`"


def test_the_page_names_every_feature():
    written = PAGE.read_text(encoding="utf-8")
    for name, one in catalogue("customer", "product", "time").items():
        assert f"`{name}`" in written or f"`_{name.rsplit('_', 1)[1]}`" in written
        assert one.description.splitlines()[0] in written
