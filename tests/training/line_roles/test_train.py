import numpy as np
import pytest

from copydesk.model.page.roles.classifier import ROLES
from copydesk.training.line_roles import train as line_roles
from copydesk.training.line_roles.composer import Composer
from copydesk.training.line_roles.language import read_corpus, read_languages
from support.tiny import ROOT


def make_composer(seed: int) -> Composer:
    return Composer(read_languages(), read_corpus(ROOT / "training" / "corpus"), seed)


def test_same_seed_composes_the_same_pages() -> None:
    one, other = make_composer(1), make_composer(1)
    assert [one.compose() for _ in range(5)] == [other.compose() for _ in range(5)]


def test_every_line_of_a_composed_page_has_a_role_and_only_body_belongs_to_a_story() -> None:
    composer = make_composer(2)
    for _ in range(20):
        page = line_roles.label_page(composer.compose())
        assert len(page.lines) == len(page.features) == len(page.roles)
        assert ((page.roles == ROLES.index("body")) == (page.stories > 0)).all()


def test_a_digest_holds_several_stories_in_full() -> None:
    composer = make_composer(3)
    n_stories = [int(line_roles.label_page(composer.compose()).stories.max()) for _ in range(40)]
    assert max(n_stories) >= 4


def test_classifier_tells_body_from_furniture_on_pages_it_has_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_roles, "_MEMBERS", 2)
    composer = make_composer(4)
    pages = [line_roles.label_page(composer.compose()) for _ in range(80)]
    features = np.concatenate([page.features for page in pages])
    roles = np.concatenate([page.roles for page in pages])
    n_seen = len(features) * 3 // 4
    classifier = line_roles.train_classifier(features[:n_seen], roles[:n_seen], seed=1)
    found = classifier.probabilities(features[n_seen:])[:, 0] > 0.5
    assert (found == (roles[n_seen:] == ROLES.index("body"))).mean() > 0.85
