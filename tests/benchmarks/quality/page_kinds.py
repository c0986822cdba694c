"""How well the kind of a page is told: on pages of real articles and headlines in styles such as nothing was learned
from, and on real scraped pages, each of which is an article.

What stands in the place of an article is written anew here, as sites word it.
"""

import gzip
import json
import random
from collections.abc import Callable, Sequence
from itertools import islice

from benchmarks.bench import Bench, Report, find_data
from benchmarks.quality.house_styles import STYLES, Row, compose_styled
from benchmarks.quality.styled_pages import read_pool
from copydesk.model.page.reader import read_page

_N_PAGES = 60  # of each kind
_N_PLAIN = 500
_ONE_STORY = ("forum", "magazine")
_KINDS = ("article", "stories", "listing", "live_blog", "not_an_article")
_MENU = ("Front page", "Region", "Courts", "Farming", "Letters", "Tides", "Sign in", "Search")
_PLACEHOLDERS = (
    (
        "404",
        "We can't find that page",
        "It may have been renamed, or the link that you followed is old.",
        "Go to the front page",
    ),
    ("Sorry, this article is no longer available", "Try our search, or see the latest news."),
    ("503 Service Temporarily Unavailable", "nginx"),
    ("Access Denied", "You don't have permission to access this resource on this server.", "Reference #18.2d4f1302"),
    ("Just a moment...", "Verifying you are human. This may take a few seconds.", "Ray ID: 8f2c0a1d"),
    (
        "This content is for subscribers",
        "Subscribe to continue reading",
        "Already a subscriber? Log in",
        "Email address",
        "Password",
    ),
    ("Sign in", "Email address", "Password", "Keep me signed in", "Forgot your password?", "Create an account"),
    (
        "Your choices about cookies",
        "We and our partners use cookies.",
        "Accept all",
        "Reject all",
        "Manage preferences",
    ),
    (
        "Contact the newsroom",
        "First name",
        "Last name",
        "Email address",
        "Phone number",
        "Your message",
        "* Required field",
        "Send",
    ),
    ("Please enable JavaScript", "This page needs JavaScript to be displayed."),
    ("Video: ferry returns to port", "This video is unavailable", "Up next", "Autoplay", "Watch again"),
    ("Oops! Something went wrong", "We are working on it. Please try again later.", "Reload"),
)


def main(bench: Bench) -> Report:
    """A row per kind, then how many real pages and plain articles are called articles."""
    report = Report()
    articles = read_pool(bench.pick(2500, 200))
    n_pages = bench.pick(_N_PAGES, 3)
    told = [(kind, _tell(text)) for kind, compose in _COMPOSERS.items() for text in compose(articles, n_pages)]
    report.start_table("kind of page", "precision", "recall", "F1")
    scores = [_score(told, kind) for kind in _KINDS]
    for kind, row in zip(_KINDS, scores, strict=True):
        report.add_row(kind, *row)
    report.add("composed pages, kinds: mean F1", sum(row[2] for row in scores) / len(scores), at_least=0.9)
    with gzip.open(find_data("pages-dev.jsonl.gz"), "rt", encoding="utf-8") as file:
        pages = [json.loads(line)["page_text"] for line in islice(file, bench.pick(None, 3))]
    report.add("scraped pages called articles", _share_of_articles(pages))
    plain = [article["text"] for article in articles[: bench.pick(_N_PLAIN, 20)]]
    report.add("plain articles called articles", _share_of_articles(plain), at_least=0.98)
    return report


def _tell(text: str) -> str:
    return read_page(text).kind.kind


def _share_of_articles(texts: Sequence[str]) -> float:
    return sum(_tell(text) == "article" for text in texts) / len(texts)


def _score(told: Sequence[tuple[str, str]], kind: str) -> tuple[float, float, float]:
    """Precision, recall and F1 of a kind among pairs of what a page is and what it is called."""
    hits = sum(pair == (kind, kind) for pair in told)
    n_wanted, n_found = sum(is_ == kind for is_, _ in told), sum(called == kind for _, called in told)
    return hits / max(1, n_found), hits / n_wanted, 2 * hits / (n_wanted + n_found)


def _compose(styles: Sequence[str], articles: Sequence[Row], n_pages: int) -> list[str]:
    """Pages in several house styles, in turn."""
    made = [compose_styled(style, articles, -(-n_pages // len(styles)), seed=2) for style in styles]
    return [page.text for pages in zip(*made, strict=True) for page in pages][:n_pages]


def _compose_listings(articles: Sequence[Row], n_pages: int) -> list[str]:
    """Headlines under section names, some with their date, under a menu."""
    return [_list(random.Random(f"listing-{n}"), articles) for n in range(n_pages)]


def _list(r: random.Random, articles: Sequence[Row]) -> str:
    lines, is_dated, mark = [*r.sample(_MENU, r.randint(0, 6))], r.random() < 0.5, r.choice(("", "", "* ", "› "))
    for n, article in enumerate(r.sample(articles, r.randint(8, 30))):
        if n % 6 == 0:
            lines.append(r.choice(_MENU[:6]).upper())
        lines.append(mark + article["title"])
        if is_dated:
            lines.append(f"{r.randint(1, 28)} June 2025")
    return "\n".join([*lines, "© 2025 Bayline Media"])


def _compose_placeholders(_: Sequence[Row], n_pages: int) -> list[str]:
    """Errors, walls, forms and stubs of videos, half of them under a menu."""
    pages = []
    for n in range(n_pages):
        r = random.Random(f"placeholder-{n}")
        menu = r.sample(_MENU, 3) if r.random() < 0.5 else []
        pages.append("\n".join([*menu, *_PLACEHOLDERS[n % len(_PLACEHOLDERS)]]))
    return pages


_SEVERAL = tuple(style for style in STYLES if style not in (*_ONE_STORY, "among teasers", "live blog"))
_COMPOSERS: dict[str, Callable[[Sequence[Row], int], list[str]]] = {
    "article": lambda articles, n_pages: _compose((*_ONE_STORY, "among teasers"), articles, n_pages),
    "stories": lambda articles, n_pages: _compose(_SEVERAL, articles, n_pages),
    "listing": _compose_listings,
    "live_blog": lambda articles, n_pages: _compose(("live blog",), articles, n_pages),
    "not_an_article": _compose_placeholders,
}
