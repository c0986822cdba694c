"""What the page reader learns from composed pages, and from real ones."""

import json
from pathlib import Path

import numpy as np

from copydesk.model.page.roles.borders import N_FEATURES
from copydesk.model.page.roles.classifier import ROLES
from copydesk.training.line_roles.borders import is_border
from copydesk.training.line_roles.composer import Composer
from copydesk.training.line_roles.language import read_corpus, read_languages
from copydesk.training.line_roles.learning import Sources, is_left_out, learn
from copydesk.training.line_roles.real import read_edited, read_scraped, read_stories
from copydesk.training.line_roles.train import label_page
from support.tiny import ROOT

CORPUS = ROOT / "training" / "corpus"
PROSE = "The council voted on Monday to pay for a second crane, and the harbour master thanked its members for it."
EDITED = {
    "text": f"Read more about cranes here.\n{PROSE}",
    "title": "Crane",
    "spans": [[0, 28], [29, 29 + len(PROSE)]],
    "annotations": [{"furniture": [1]}],
}


def _write(path: Path, *rows: object) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_pages_are_composed_alike_from_the_same_seed() -> None:
    pages = [Composer(read_languages(), read_corpus(CORPUS), seed=3).compose() for _ in range(2)]
    assert pages[0] == pages[1]


def test_lines_of_composed_pages_have_roles_and_the_stories_that_they_belong_to() -> None:
    composer = Composer(read_languages(), read_corpus(CORPUS), seed=3)
    pages = [label_page(composer.compose()) for _ in range(40)]
    assert {ROLES[role] for page in pages for role in page.roles} == set(ROLES)
    assert max(int(page.stories.max()) for page in pages) > 2
    assert all(((page.stories > 0) == (page.roles == 0)).all() for page in pages)


def test_what_is_learned_from_composed_and_real_lines_gives_probabilities(tmp_path: Path) -> None:
    articles = [{"title": f"Crane {n}", "text": "\n".join([PROSE] * 8)} for n in range(3)]
    pages = [{"page_text": f"Home\nSport\n{PROSE}\n{PROSE}\nShare", "body": f"{PROSE}\n{PROSE}"} for _ in range(5)]
    sources = Sources(
        CORPUS,
        articles=[_write(tmp_path / "articles.jsonl", *articles)],
        scraped=[_write(tmp_path / "pages.jsonl", *pages)],
        edited=[_write(tmp_path / "edited.jsonl", EDITED)],
        fold=0,
    )
    classifier = learn(sources, n_pages=60, seed=1)
    page = label_page([("headline", "Crane"), ("body 1", PROSE)])
    roles = classifier.probabilities(page.features)
    for probabilities in (roles, classifier.tell_body(page.features, roles)):
        assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)  # float32
    assert classifier.border.shape == (N_FEATURES + 1,)
    assert [is_left_out(at, sources) for at in range(6)] == [True, False, False, False, False, True]


def test_real_lines_are_body_or_not(tmp_path: Path) -> None:
    classifier = learn(Sources(CORPUS), n_pages=40, seed=1)
    row = {"page_text": f"Cranes\nHome\n*\nSport\n{PROSE}\nCranes\nShare this", "body": f"{PROSE}\n\nCranes"}
    (page,) = read_scraped(_write(tmp_path / "pages.jsonl", row), classifier)
    assert (page.roles == 0).tolist() == [False, False, False, False, True, True, False]
    (article,) = read_edited(_write(tmp_path / "edited.jsonl", EDITED), classifier)
    assert (article.roles == 0).tolist()[-1]


def test_stories_of_articles_come_without_scraps(tmp_path: Path) -> None:
    row = {"title": "Crane", "text": "\n".join(["What it costs", *[PROSE] * 7])}
    (story,) = read_stories(_write(tmp_path / "articles.jsonl", row))
    assert story == ["Crane", *[PROSE] * 7]


def test_a_story_that_a_page_tells_twice_says_nothing_of_borders() -> None:
    page = label_page([("headline", "Crane"), ("body 1", PROSE), ("headline", "A crane"), ("body 2", PROSE)])
    other = label_page([("headline", "Crane"), ("body 1", PROSE), ("headline", "Hives"), ("body 2", PROSE[::-1])])
    assert is_border(page, 2) is None
    assert is_border(other, 2)
