"""Trains the page reader's classifier of line roles and borders, on pages composed from the folder `pages` and stories.

    python -m copydesk.training.line_roles            # writes model/page/roles/roles.json

`pages/*.txt` holds what stands around stories on news sites, written by hand in many languages: sections
(`== before`), blocks of lines that come together, `@role` before each line. A composed page is a random site's layout
around random stories; every line's role is known because it was put there. Real pages and articles are learned from too
where files of them are named: what ships has learned from some, whose texts are not passed on.
"""

import argparse
from pathlib import Path

from copydesk.model.page.roles.classifier import CLASSIFIER, save_classifier
from copydesk.training.line_roles.learning import Sources, learn

_CORPUS = Path(__file__).parents[1] / "corpus"


def main() -> None:
    """Compose pages, train the classifier and write it."""
    parser = argparse.ArgumentParser(description="Trains the classifier of line roles and of borders between stories.")
    parser.add_argument("--corpus", type=Path, default=_CORPUS, help="folder of stories, JSONL")
    parser.add_argument("--articles", nargs="*", default=(), help="more stories: JSONL with title and text")
    parser.add_argument("--scraped", nargs="*", default=(), help="real pages: JSONL with page_text and body")
    parser.add_argument("--edited", nargs="*", default=(), help="articles whose furniture is marked: JSONL")
    parser.add_argument("--fold", type=int, help="of five parts of the scraped pages, the one to leave out, from 0")
    parser.add_argument("--pages", type=int, default=9000, help="how many pages to compose")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=CLASSIFIER)
    options = parser.parse_args()
    sources = Sources(options.corpus, options.articles, options.scraped, options.edited, options.fold)
    save_classifier(learn(sources, options.pages, options.seed), options.out)
    print(f"{options.out}: learned from {options.pages} composed pages, and {_count(sources)} files of real ones")


def _count(sources: Sources) -> int:
    return len(sources.articles) + len(sources.scraped) + len(sources.edited)


if __name__ == "__main__":
    main()
