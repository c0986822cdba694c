from dataclasses import replace

import numpy as np
import pytest

from copydesk.training.release.gate import judge
from support.versions import CURRENT, STORIES, failed, find, make_bundle, make_version


def test_rouge_may_fall_by_a_little_and_not_by_more() -> None:
    rouge = np.random.default_rng(0).normal(40, 5, (300, 3))
    current = replace(CURRENT, rouge=rouge)
    for loss, is_passed in ((0.2, True), (0.5, False)):
        verdict = judge(replace(CURRENT, bundle=make_bundle("k"), rouge=rouge - loss), current, STORIES)
        assert verdict.is_passed == is_passed
    assert failed(verdict) == {("summaries", kind) for kind in ("rouge1", "rouge2", "rougeLsum")}


def test_an_article_that_one_version_cannot_sum_up_is_left_out_for_both() -> None:
    rouge = np.full((10, 3), 40.0)
    lost = rouge.copy()
    lost[0] = np.nan
    current, candidate = (replace(CURRENT, rouge=values) for values in (rouge, lost))
    assert find(judge(candidate, current, STORIES), "rouge1", "summaries").candidate == 40


CREDIT = np.random.default_rng(0).choice([0.0, 0.5, 1.0], (300, 3))  # of 300 articles, with the shares beside it


def test_credit_may_fall_by_a_little_and_not_by_more() -> None:
    current = replace(CURRENT, credit=CREDIT)
    for loss, is_passed in ((0.015, True), (0.05, False)):
        credit = CREDIT - [loss, 0, 0]
        verdict = judge(replace(CURRENT, bundle=make_bundle("k"), credit=credit), current, STORIES)
        assert verdict.is_passed == is_passed
    assert failed(verdict) == {("edited articles", "credit")}
    before = CREDIT[:, 0].mean()
    assert verdict.reasons == (
        f"credit on the edited articles: {before:.3f} -> {before - 0.05:.3f}, "
        "worse by 0.050 beyond noise, 0.02 is tolerated",
    )
    assert [figure["figure"] for figure in verdict.to_journal()["figures"]][-1] == "credit"


def test_too_few_edited_articles_cannot_tell_of_a_loss() -> None:
    few = CREDIT[:30]
    lost = few.copy()
    lost[:, 0] = np.roll(few[:, 0], 1) - 0.03
    versions = [replace(CURRENT, credit=credit) for credit in (lost, few)]
    verdict = judge(versions[0], versions[1], STORIES)
    check = find(verdict, "credit", "edited articles")
    assert (check.is_held, check.can_tell, check.verdict) == (False, False, "cannot tell")
    assert verdict.headline == "Cannot tell"


def test_furniture_and_dangling_sentences_are_shown_and_not_judged() -> None:
    worse = CREDIT + np.array([0, 0.5, 0.5])
    verdict = judge(replace(CURRENT, credit=worse), replace(CURRENT, credit=CREDIT), STORIES)
    assert verdict.is_passed
    for name in ("furniture", "dangling"):
        check = find(verdict, name, "edited articles")
        assert check.change == pytest.approx(0.5)
        assert check.verdict == "not judged"


def test_credit_without_a_current_version_is_shown() -> None:
    check = find(judge(replace(make_version("k", 60), credit=CREDIT), None, STORIES), "credit", "edited articles")
    assert (check.current, check.candidate, check.is_held) == (None, CREDIT[:, 0].mean(), True)
