"""The five codings: fitted once, kept by version, applied later, told in two languages."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from shop import member, product, sale, shop

from features.about import about
from features.catalogue import catalogue
from features.codings import CODED, CODINGS
from features.codings.cluster import stability
from features.definition import Known
from features.recency import tenure_days
from features.units import carries_its_unit
from features.views import tastes
from models.customer_activity import customer_activity
from pipeline.examples import read_examples
from pipeline.labels import build_labels
from pipeline.profiles import build_profiles, coding_folder, read_coding
from pipeline.snapshot_store import build_snapshots, profile_folder, read_manifest, read_snapshot
from pipeline.snapshot_table import seen

EARLY, LATE = date(2024, 3, 1), date(2024, 6, 1)
NEEDED = [
    one
    for name, one in catalogue("customer").items()
    if {"transactions", "products", "customers"} >= set(one.grain.sources)
]
SHELF = [
    product("pot", category="kitchen", category_3="pots", brand="Al", list_price=10.0),
    product("pan", category="kitchen", category_3="pans", brand="Bo", list_price=90.0),
    product("lens", category="photo", category_3="lenses", brand="Bo", list_price=50.0),
    product("film", category="photo", category_3="films", brand="Al", list_price=5.0),
]


def shoppers() -> list:
    """Cooks buy pots and pans, at a discount; photographers buy lenses and films, online."""
    rng = np.random.default_rng(7)
    rows = []
    for n in range(60):
        for visit in range(4):
            day = date(2023, 9, 1) + pd.Timedelta(days=int(rng.integers(0, 170)))
            rows.append(
                sale(
                    f"cook{n:02}",
                    day,
                    product=("pot", "pan")[visit % 2],
                    amount=20.0 + float(n),
                    discount=5.0,
                    channel="store",
                )
            )
        for visit in range(4):
            day = date(2023, 9, 1) + pd.Timedelta(days=int(rng.integers(0, 170)))
            rows.append(
                sale(
                    f"photo{n:02}",
                    day,
                    product=("lens", "film")[visit % 2],
                    amount=200.0 + float(n),
                    discount=0.0,
                    channel="web",
                )
            )
    return rows  # fmt: skip


ROWS = shoppers()


def grains(*more):
    names = sorted({row["customer_id"] for row in ROWS})
    members = [member(name, birth_year=1980, children=1) for name in names]
    return shop(*ROWS, *more, products=SHELF, members=[*members, member("newcomer")])


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    artifacts = tmp_path_factory.mktemp("artifacts")
    return artifacts, *run(artifacts, grains())


def run(artifacts, shop_):
    build_snapshots(
        shop_.connection,
        shop_,
        features=NEEDED,
        cutoffs=[EARLY, LATE],
        artifacts=artifacts,
        data="d",
    )
    profiles = build_profiles(
        shop_.connection, shop_, cutoffs=[EARLY, LATE], fit_at=EARLY, artifacts=artifacts, seed=1
    )
    return shop_, profiles


def codes(artifacts, as_of=LATE):
    return pd.read_parquet(profile_folder(artifacts, as_of) / "part-0.parquet").set_index(
        "customer_id"
    )


def of(frame, kind, column):
    return set(frame[frame.index.str.startswith(kind)][column])


def test_customers_are_coded_by_what_they_do(built):
    got = codes(built[0])
    assert of(got, "cook", "affinity") == {"kitchen"}
    assert of(got, "photo", "affinity") == {"photo"}
    assert of(got, "cook", "demographic") == {"family"}
    assert len(of(got, "cook", "lifestyle") | of(got, "photo", "lifestyle")) >= 2
    assert not of(got, "cook", "cluster") & of(got, "photo", "cluster")
    assert got.loc["cook00", "thrift_score"] > got.loc["photo00", "thrift_score"]


def test_a_member_without_a_purchase_is_coded_too(built):
    row = codes(built[0]).loc["newcomer"]
    assert list(row[list(CODINGS)]) == ["broad", "unknown", "unknown", "mixed", "never_bought"]
    assert pd.isna(row["status_score"])


def test_every_code_is_described_in_both_languages(built):
    artifacts, _, profiles = built
    for name, version in profiles.versions.items():
        manifest = json.loads(
            (coding_folder(artifacts, name, version) / "manifest.json").read_text()
        )
        described = {code["code"]: code for code in manifest["codes"]}
        assert set(codes(artifacts)[name]) <= set(described)
        for code in described.values():
            assert code["label"]["en"]
            assert any("一" <= letter <= "鿿" for letter in code["description"]["zh-TW"])
            assert len(code["description"]["en"]) > 10


def test_a_snapshot_is_read_with_its_codings_and_its_manifest_names_them(built):
    artifacts, shop_, profiles = built
    assert read_manifest(artifacts, "customer", LATE)["codings"] == profiles.versions
    frame = read_snapshot(shop_.connection, artifacts, "customer", LATE).to_pandas()
    frame = frame.set_index("customer_id")
    assert set(CODED) <= set(frame)
    assert frame.loc["cook00", "affinity"] == "kitchen"
    assert len(frame) == 121


def test_a_model_sees_the_codings_that_it_declares(built):
    artifacts, shop_, _ = built
    declared = replace(
        customer_activity,
        eligible=lambda snapshot: snapshot.affinity != "broad",
        features=(tenure_days, CODED["cluster"], CODED["thrift_score"]),
        auxiliary=(),
    )
    build_labels(
        shop_.connection, shop_, declared, cutoffs=[EARLY], artifacts=artifacts,
        gap_days=0, horizon_days=30, known_before=LATE,
    )  # fmt: skip
    label = next((artifacts / "labels").rglob("part-0.parquet"))
    frame = pd.read_parquet(label)
    assert len(frame) == 120
    frame.assign(label=np.arange(120, dtype="int8") % 2).to_parquet(label)  # nobody came back
    X = read_examples(shop_.connection, artifacts, declared, [EARLY]).X
    assert list(X) == ["tenure_days", "cluster", "thrift_score"]
    assert X["cluster"].notna().all()


@pytest.mark.parametrize("one", CODED.values(), ids=lambda one: one.name)
def test_every_column_of_a_coding_is_described_in_both_languages(one):
    assert about(one).null
    assert "null" in one.description
    assert one.label["en"]
    assert any("一" <= letter <= "鿿" for letter in one.label["zh-TW"])
    assert one.unit == "text" or carries_its_unit(one.name, one.unit)


def test_the_columns_of_the_codings_are_those_that_are_described(built):
    assert set(codes(built[0])) == {*CODED, "as_of"}


def test_the_manifest_names_the_versions_and_the_sizes(built):
    artifacts, _, profiles = built
    manifest = json.loads((profile_folder(artifacts, LATE) / "manifest.json").read_text())
    assert manifest["codings"] == profiles.versions
    assert manifest["sizes"]["affinity"] == {"kitchen": 60, "photo": 60, "broad": 1}


def test_what_happens_after_the_fit_teaches_a_coding_nothing(built, tmp_path):
    artifacts, _, profiles = built
    later = [sale("newcomer", "2024-03-01", product="lens", amount=1e6) for _ in range(50)]
    _, again = run(tmp_path, grains(*later))
    for name in CODINGS:
        assert read_coding(tmp_path, name, again.versions[name]) == read_coding(
            artifacts, name, profiles.versions[name]
        )


def test_a_second_run_fits_and_applies_nothing(built):
    artifacts, shop_, profiles = built
    before = (coding_folder(artifacts, "cluster", profiles.versions["cluster"])).stat().st_mtime_ns
    again = build_profiles(
        shop_.connection, shop_, cutoffs=[EARLY, LATE], fit_at=EARLY, artifacts=artifacts, seed=1
    )
    assert again.built == ()
    assert again.versions == profiles.versions
    after = (coding_folder(artifacts, "cluster", profiles.versions["cluster"])).stat().st_mtime_ns
    assert before == after


def test_stability_is_one_for_the_same_segments_under_other_names(built):
    artifacts, shop_, profiles = built
    snapshot = read_snapshot(shop_.connection, artifacts, "customer", LATE)
    with seen(shop_, [LATE]) as at:
        now = Known(snapshot, at.rows(tastes))
        one = read_coding(artifacts, "cluster", profiles.versions["cluster"])
        renamed = {**one, "centres": one["centres"][::-1]}
        assert stability(one, renamed, now) == pytest.approx(1.0)
        flipped = {**one, "centres": [[0.0] * len(one["used"]) for _ in one["centres"]]}
        assert stability(one, flipped, now) == pytest.approx(0.0)


def test_the_newest_cut_off_says_whether_segments_survive_a_refit(built):
    manifests = [json.loads((profile_folder(built[0], day) / "manifest.json").read_text())
                 for day in (EARLY, LATE)]  # fmt: skip
    assert manifests[0]["stability"] is None
    assert -1 < manifests[1]["stability"] < 1


def test_a_customer_is_coded_alone(built):
    """Leaving out the others changes nobody's code."""
    artifacts, shop_, profiles = built
    snapshot = read_snapshot(shop_.connection, artifacts, "customer", LATE)
    everyone = codes(artifacts)
    with seen(shop_, [LATE]) as at:
        one = Known(
            snapshot.filter(snapshot.customer_id == "photo07"),
            at.rows(tastes).filter(at.rows(tastes).customer_id == "photo07"),
        )
        for name, coding in CODINGS.items():
            alone = coding.apply(read_coding(artifacts, name, profiles.versions[name]), one)
            assert alone.loc["photo07", name] == everyone.loc["photo07", name]


def test_data_without_categories_prices_or_profiles_are_coded_as_unknown(tmp_path):
    rows = [sale(f"c{n}", "2024-01-15") for n in range(3)]
    shop_ = shop(*rows, products=[product("kettle")], members=[member("c0"), member("c1"),
                                                               member("c2")])  # fmt: skip
    run(tmp_path, shop_)
    assert codes(tmp_path)["affinity"].tolist() == ["broad"] * 3
    assert codes(tmp_path)["demographic"].tolist() == ["unknown"] * 3
    assert codes(tmp_path)["lifestyle"].tolist() == ["mixed"] * 3
    assert codes(tmp_path)["cluster"].tolist() == ["segment_1"] * 3
