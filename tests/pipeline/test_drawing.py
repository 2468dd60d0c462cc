"""A figure of a page is drawn by models.plots, and speaks the page's languages and colours."""

import re
from threading import Thread

import pytest
from matplotlib import rcParams

from models import plots
from pipeline.report.drawing import as_svg

ABOUT = ("Rates by band", "各組比率")


def bands(axes):
    return plots.bands_plot([0.4, 0.2], [0.35, 0.25], low=[0.3, 0.1], high=[0.5, 0.3], axes=axes)


@pytest.fixture(scope="module")
def drawn():
    return as_svg(bands, about=ABOUT)


def texts(svg, language):
    return re.findall(rf'<text lang="{language}"[^>]*>([^<]*)</text>', svg)


def test_what_stands_on_a_figure_is_said_in_both_languages(drawn):
    assert texts(drawn, "en") == [
        *("tenth of the customers, best first", "rate of the outcome"),
        *("95% interval", "promised", "observed"),
    ]
    assert texts(drawn, "zh-TW")[1:] == ["成效比率", "95% 區間", "預測", "實際"]


def test_numbers_are_written_once(drawn):
    assert re.findall(r"<text (?!lang)[^>]*>([^<]*)</text>", drawn)[:2] == ["1", "2"]


def test_a_figure_tells_who_cannot_see_it_what_it_is(drawn):
    assert drawn.startswith('<svg viewBox="0 0 480 300" role="img"')
    assert 'aria-label="Rates by band / 各組比率"' in drawn


def test_a_figure_takes_its_colours_from_the_page(drawn):
    assert not re.findall(r"#[0-9a-f]{6}\b(?!\")", drawn)
    assert {"--model", "--rival-1", "--ink", "--soft"} <= set(re.findall(r"var\((.+?)\)", drawn))


def test_a_figure_is_small_and_the_same_whenever_it_is_drawn(drawn):
    assert len(drawn) < 8_000
    assert as_svg(bands, about=ABOUT) == drawn
    assert "<metadata" not in drawn


def test_a_mark_of_one_figure_is_not_taken_for_that_of_another(drawn):
    other = as_svg(bands, about=("Another", "另一個"))
    ids = [set(re.findall(r' id="([^"]+)"', one)) for one in (drawn, other)]
    assert ids[0]
    assert ids[1]
    assert not ids[0] & ids[1]


def test_figures_of_many_threads_are_the_same_and_leave_no_setting_behind(drawn):
    before, found = dict(rcParams), []
    threads = [Thread(target=lambda: found.append(as_svg(bands, about=ABOUT))) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [drawn] * 4
    assert dict(rcParams) == before


def test_markup_in_a_name_is_no_markup():
    svg = as_svg(
        lambda axes: plots.interval_plot(["<b>&"], [1], low=[0], high=[2], label="x", axes=axes),
        about=("<i>", "<i>"),
    )
    assert "&lt;b&gt;&amp;" in svg
    assert "<b>" not in svg
    assert "<i>" not in svg
