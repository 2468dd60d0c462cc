"""`shortlist features`, as a person or a script meets it."""

import json

import pytest
from shop import sale, shop, store
from typer.testing import CliRunner

from features.catalogue import UnknownFeatureError
from features.habit import favourite_store_format
from features.recency import days_since_last_purchase
from pipeline.snapshot_store import build_snapshots
from shortlist.cli import app


def document(folder, *words):
    result = CliRunner().invoke(
        app, ["--project", str(folder), "--json", *words], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def project(tmp_path):
    from datetime import date

    rows = [sale("ann", "2024-05-31", store_id="s1"), sale("bob", "2024-05-22"),
            sale("cho", "2024-06-02")]  # fmt: skip
    grains = shop(*rows, stores=[store("s1", format="mall")])
    build_snapshots(
        grains.connection,
        grains,
        features=[days_since_last_purchase, favourite_store_format],
        cutoffs=[date(2024, 6, 1)],
        artifacts=tmp_path / "artifacts",
        data="d1",
    )
    return tmp_path


def test_every_feature_is_listed_with_unit_and_both_labels(tmp_path):
    listed = {one["name"]: one for one in document(tmp_path, "features")}
    assert listed["order_count_90d"]["unit"] == "orders"
    assert listed["order_count_90d"]["zh-TW"] == "近 90 天訂單數"
    assert listed["days_to_christmas"]["of"] == "time"


def test_show_says_what_a_feature_reads_and_what_it_looks_like(project):
    said = document(project, "features", "show", "days_since_last_purchase")
    assert said["reads"]["transactions"][0] == "available_on"
    assert said["purpose"] == "general"
    assert "null without a sale" in said["null"]
    assert said["snapshot"]["as_of"] == "2024-06-01"
    assert said["snapshot"]["rows"] == 3
    assert said["snapshot"]["known_share"] == pytest.approx(2 / 3)
    assert said["snapshot"]["numbers"]["median"] == 5.5


def test_show_counts_the_texts_of_a_feature_that_is_text(project):
    said = document(project, "features", "show", "favourite_store_format")
    assert said["snapshot"]["texts"] == {"mall": 1.0}
    assert said["snapshot"]["numbers"] == {}


def test_show_works_before_the_first_snapshot(tmp_path):
    assert document(tmp_path, "features", "show", "order_count")["snapshot"] is None
    assert not (tmp_path / "artifacts").exists()


def test_a_feature_that_no_snapshot_has_is_described_without_values(project):
    assert document(project, "features", "show", "order_count")["snapshot"] is None


def test_an_unknown_feature_is_refused_with_those_that_look_alike(tmp_path):
    with pytest.raises(UnknownFeatureError, match="Did you mean spend_amount"):
        document(tmp_path, "features", "show", "spent_amount")


def test_people_read_both_labels(project):
    shown = CliRunner().invoke(
        app, ["--project", str(project), "features", "show", "days_since_last_purchase"]
    )
    assert "距上次購買天數" in shown.output
    assert "66.7% known" in shown.output
