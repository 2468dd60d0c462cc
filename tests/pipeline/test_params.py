import pytest

from pipeline.params import ParamsError, read_params, require_sections

MINIMAL = "time_zone: Asia/Taipei\ncurrency: TWD\nmodels: {customer_activity: {}}\n"


def params(folder, text, **given):
    (folder / "params.yaml").write_text(text, encoding="utf-8")
    return read_params(folder, **given)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MINIMAL.replace("Asia/Taipei", "Asia/Taipeh"), "time_zone"),
        (MINIMAL + "gate: {list_size: 0}\n", "gate.list_size"),
        (MINIMAL + "gates: {}\n", "gates"),
        ("models: [", "not valid YAML"),
        ("just a text", "mapping"),
        ("", "mapping"),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_its_place(tmp_path, text, message):
    with pytest.raises(ParamsError, match=message):
        params(tmp_path, text)


def test_a_missing_file_says_where_one_comes_from(tmp_path):
    with pytest.raises(ParamsError, match="shortlist run"):
        read_params(tmp_path)


def test_an_override_stands_above_the_file_and_is_checked_like_it(tmp_path):
    assert params(tmp_path, MINIMAL, overrides={"snapshots.step_days": 7}).snapshots.step_days == 7
    with pytest.raises(ParamsError, match=r"models\.customer_activity\.horizon_days"):
        params(tmp_path, MINIMAL, overrides={"models.customer_activity.horizon_days": -1})


def test_a_section_that_the_stages_follow_is_missed_by_name(tmp_path):
    (tmp_path / "params.yaml").write_text("time_zone: UTC\ncurrency: EUR\nmodels: {}\nleaks: {}\n")
    with pytest.raises(ParamsError, match="lacks validation, snapshots"):
        require_sections(tmp_path)
