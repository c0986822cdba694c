import pytest

from copydesk.service.desk.figures.agreement import krippendorff_alpha
from copydesk.service.desk.figures.quality import measure, measure_label

# Twelve units and four observers, nominal: Krippendorff 2011, section C, of which the values 1 and 2 are kept here.
YES, NO = True, False


def test_alpha_is_what_the_formula_says_by_hand() -> None:
    # 4 units, 2 observers each: values yes 5, no 3; one unit disagrees. Do = 2/8; De = 2 * 5 * 3 / (8 * 7).
    units = [[YES, YES], [YES, YES], [NO, NO], [YES, NO]]
    assert krippendorff_alpha(units) == pytest.approx(1 - (2 / 8) / (2 * 5 * 3 / (8 * 7)))


def test_alpha_weighs_units_of_three_by_their_pairs() -> None:
    # A unit of three gives each pair half a weight: yes-yes-no has 2 * 2 * 1 / 2 = 2 disagreeing values of 3.
    units = [[YES, YES, NO], [NO, NO], [YES]]
    n_yes, n_no, n = 2, 3, 5
    assert krippendorff_alpha(units) == pytest.approx(1 - (2 / n) / (2 * n_yes * n_no / (n * (n - 1))))


def test_alpha_is_one_for_agreement_and_none_where_nobody_could_differ() -> None:
    assert krippendorff_alpha([[YES, YES], [NO, NO]]) == 1
    assert krippendorff_alpha([[YES], [NO]]) is None
    assert krippendorff_alpha([[NO, NO], [NO, NO]]) is None


def test_quality_counts_what_was_found_and_what_was_missed() -> None:
    pairs = [(YES, YES)] * 6 + [(YES, NO)] * 2 + [(NO, YES)] * 1 + [(NO, NO)] * 11
    quality = measure_label("trade", pairs)
    assert (quality.n_stories, quality.n_positive) == (20, 8)
    assert quality.precision == pytest.approx(6 / 7)
    assert quality.recall == pytest.approx(6 / 8)
    assert quality.f1 == pytest.approx(12 / 15)
    assert quality.low is not None
    assert quality.high is not None
    assert 0.4 < quality.low < 0.7 < 0.9 < quality.high <= 1


def test_the_interval_narrows_with_more_stories() -> None:
    pairs = [(YES, YES)] * 6 + [(YES, NO)] * 2 + [(NO, YES)] * 1 + [(NO, NO)] * 11
    few, many = measure_label("trade", pairs), measure_label("trade", pairs * 25)
    assert many.f1 == few.f1
    widths = [(one.high or 0) - (one.low or 0) for one in (few, many)]
    assert widths[1] == pytest.approx(widths[0] / 5, rel=0.3)


def test_only_stories_that_both_sides_know_are_counted() -> None:
    truths = {(1, "trade"): YES, (2, "trade"): NO, (3, "trade"): YES}
    given = {(1, "trade"): YES, (2, "trade"): YES}
    (quality,) = measure(truths, given, ["trade"])
    assert (quality.n_stories, quality.n_positive, quality.precision) == (2, 1, 0.5)
    assert measure_label("drugs", []).f1 is None
