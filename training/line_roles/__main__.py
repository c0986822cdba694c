"""Trains the classifier of line roles, on pages composed from the folder `pages` and the stories of `training/corpus`.

    python -m copydesk.training.line_roles            # writes model/page/roles/roles.json

`pages/*.txt` holds what stands around stories on news sites, written by hand in many languages: sections
(`== before`), blocks of lines that come together, `@role` before each line. A composed page is a random site's layout
around a random story; every line's role is known because it was put there.
"""

import argparse
from pathlib import Path

import numpy as np

from copydesk.model.page.roles.classifier import CLASSIFIER, save_classifier
from copydesk.training.line_roles.composer import Composer
from copydesk.training.line_roles.language import read_corpus, read_languages
from copydesk.training.line_roles.train import label_page, train_classifier

_CORPUS = Path(__file__).parents[1] / "corpus"


def main() -> None:
    """Compose pages, train the classifier and write it."""
    parser = argparse.ArgumentParser(description="Trains the classifier of line roles.")
    parser.add_argument("--corpus", type=Path, default=_CORPUS, help="folder of stories, JSONL")
    parser.add_argument("--pages", type=int, default=6000, help="how many pages to compose")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=CLASSIFIER)
    options = parser.parse_args()
    composer = Composer(read_languages(), read_corpus(options.corpus), options.seed)
    pages = [label_page(composer.compose()) for _ in range(options.pages)]
    features = np.concatenate([page.features for page in pages])
    classifier = train_classifier(features, np.concatenate([page.roles for page in pages]), options.seed)
    save_classifier(classifier, options.out)
    print(f"{options.out}: learned from {len(features)} lines of {len(pages)} pages")


if __name__ == "__main__":
    main()
