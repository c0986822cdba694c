"""What the page reader learns from, and how: composed pages, and real ones where somebody has them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from copydesk.model.page.roles.classifier import RoleClassifier
from copydesk.training.line_roles.borders import train_borders
from copydesk.training.line_roles.composer import Composer
from copydesk.training.line_roles.language import read_corpus, read_languages
from copydesk.training.line_roles.real import read_edited, read_plain, read_scraped, read_stories
from copydesk.training.line_roles.train import LabelledPage, label_page, train_classifier
from copydesk.training.line_roles.trees import train_trees

_TIMES_SCRAPED, _TIMES_EDITED = 3, 2  # how often a real line counts beside a composed one
_N_FOR_TREES = 800  # composed pages that the trees learn from, and what a line weighs for them
_COMPOSED, _SCRAPED, _EDITED = 0.3, 3.0, 1.0
# What a plain article weighs for borders, by how many pages are composed: as beside 1,500. With half of it 13 of 801
# articles are parted, not 10; with twice of it, half of the pages of brief stories are not.
_PLAIN = 1 / 1500
_N_TAUGHT = 1200  # composed pages from which is learned of which kind real furniture is


@dataclass(frozen=True)
class Sources:
    """Files of rows to learn from beside the corpus.

    articles: stories for composed pages, which are also one story each as they are; scraped: pages with `page_text` and
    `body`; edited: articles of which sentences are marked as furniture. Of `n_folds` parts of the scraped pages one is
    left out, where `fold` names it.
    """

    corpus: Path
    articles: Sequence[str] = ()
    scraped: Sequence[str] = ()
    edited: Sequence[str] = ()
    fold: int | None = None
    n_folds: int = 5


def learn(sources: Sources, n_pages: int, seed: int) -> RoleClassifier:
    """A classifier of line roles, with the weights of borders between stories."""
    stories = [*read_corpus(sources.corpus), *(story for name in sources.articles for story in read_stories(name))]
    composer = Composer(read_languages(), stories, seed)
    composed = [label_page(composer.compose()) for _ in range(n_pages)]
    scraped, edited = _read_real(sources, composed[:_N_TAUGHT], seed)
    trees = train_trees([(composed[:_N_FOR_TREES], _COMPOSED), (scraped, _SCRAPED), (edited, _EDITED)], seed)
    classifier = _train([*composed, *_TIMES_SCRAPED * scraped, *_TIMES_EDITED * edited], seed)
    plain = [page for name in (*sources.articles, *sources.edited) for page in read_plain(name)]
    border = train_borders([(composed, 1.0), (scraped, _SCRAPED), (plain, _PLAIN * n_pages)], classifier)
    return replace(classifier, border=border, trees=trees)


def is_left_out(at: int, sources: Sources) -> bool:
    """Whether the scraped page of this number is in the fold that is left out."""
    return sources.fold is not None and at % sources.n_folds == sources.fold


def _read_real(
    sources: Sources, taught: Sequence[LabelledPage], seed: int
) -> tuple[list[LabelledPage], list[LabelledPage]]:
    if not (sources.scraped or sources.edited):
        return [], []
    teacher = _train(taught, seed)
    scraped = [page for name in sources.scraped for page in read_scraped(name, teacher)]
    kept = [page for at, page in enumerate(scraped) if not is_left_out(at, sources)]
    return kept, [page for name in sources.edited for page in read_edited(name, teacher)]


def _train(pages: Sequence[LabelledPage], seed: int) -> RoleClassifier:
    return train_classifier(
        np.concatenate([page.features for page in pages]), np.concatenate([page.roles for page in pages]), seed
    )
