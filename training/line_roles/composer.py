"""Pages composed of stories and a made-up site's furniture: the role of every line is known, for it was put there."""

import random
import re

from copydesk.training.line_roles.houses import BREAKS, lay_out_stories
from copydesk.training.line_roles.language import Block, Language
from copydesk.training.line_roles.site import Site

# what stands above a story that a page took from somewhere else
_SOURCES: list[Block] = [
    [("byline", "{outlet}"), ("timestamp", "{ago}"), ("byline", "- {outlet}")],
    [("byline", "{outlet}"), ("timestamp", "{ago}")],
    [("timestamp", "{ago}"), ("byline", "{outlet}")],
    [("timestamp", "{ago}")],
    [("timestamp", "{date}")],
    [("byline", "{outlet} - {ago}")],
    [("byline", "{outlet} | {date}")],
    [("byline", "{outlet}")],
    [("byline", "{name}"), ("timestamp", "{ago}")],
    [("byline", "Source: {outlet}"), ("timestamp", "{date} {time}")],
]
_RELATED = [
    "Related Articles",
    "More stories",
    "Others also read",
    "From other papers",
    "Top picks",
    "{outlet} recommends",
]
_AGENCIES = ["REUTERS", "AFP", "BLOOMBERG", "- dpa", "(AP)", "— Bernama"]
_PROMOS = [
    "Follow our Telegram channel for the latest news.",
    "Sign up for {outlet}'s newsletter and get the day's stories in your inbox.",
    "Stay informed with {outlet}: subscribe to our channel today.",
    "Download our app for live updates.",
    "Like {outlet} on Facebook to see more of our stories.",
    "Never miss an update. Join our WhatsApp group.",
]
_HEADLINES = [
    "OPINION: {}",
    "Exclusive: {}",
    "Analysis | {}",
    "{} | {name}",
    "{}, World News",
    "{} - {outlet}",
    "{}?",
    "LIVE: {}",
]


class Composer:
    """Composes pages: random layouts of a random site's furniture around random stories."""

    def __init__(self, languages: dict[str, Language], corpus: list[list[str]], seed: int) -> None:
        self.languages = languages
        self.corpus = corpus
        self.random = random.Random(seed)
        self.n_stories = 0

    def compose(self) -> Block:
        """The lines of a page with their roles, blank lines among them."""
        self.n_stories = 0
        self.site = Site(self.random, self.languages, self.corpus)
        kinds = (self._plain, self._snippet, self._digest, self._page, self._houses)
        weights = (16, 14, 15, 27, 28)
        (make,) = self.random.choices(kinds, weights)
        return self.site.lay_out(make())

    def _plain(self) -> list[Block]:
        """A story as a user of the API sends it: text, perhaps a headline, byline or sign-off."""
        title, *text = self.random.choice(self.site.stories)
        if self.site.chance(0.15):
            text = [" ".join(text)]
        blocks = [[("headline", title)]] if title and self.site.chance(0.4) else []
        if self.site.chance(0.15):
            blocks.append([("byline", self.site.fill("{name}"))])
        blocks += self._body(text, interruptions=0.15)
        if self.site.chance(0.1):
            blocks += self.site.furniture("after", 1)
        return blocks

    def _snippet(self) -> list[Block]:
        """What one copies out of a browser: the story and some of what is around it."""
        blocks = self.site.asides() if self.site.chance(0.15) else []
        blocks += self._story(interruptions=self.random.choice([0, 0.5, 2]))
        blocks += self.site.furniture("after", self.random.randint(0, 4))
        blocks += self.site.furniture("more", self.random.randint(0, 2))
        for _ in range(self.random.choice([0, 0, 0, 1, 2, 3])):
            blocks += self._other_story()
        if self.site.chance(0.15):
            blocks += [[("related", self.site.fill(self.random.choice(_RELATED)))], *self.site.asides()]
        return blocks

    def _digest(self) -> list[Block]:
        """A story, a little furniture, and other stories in full under it, each with its source, one like the other."""
        r = self.random
        blocks = self.site.furniture("top", r.choice([0, 0, 0, 1])) + self._long_story(r.choice([0, 0, 0.5]))
        for _ in range(r.randint(1, 4)):
            blocks += self.site.furniture(r.choice(["after", "after", "inside", "more", "bottom"]), 1)
        if r.random() < 0.7:
            blocks.append([("related", self.site.fill(r.choice(_RELATED)))])
        source, shape = r.choice(_SOURCES), r.random()
        for _ in range(r.choice([1, 2, 3, 3, 4])):
            blocks += self._sourced_story(source, is_one_line=shape < 0.7)
        return blocks + self.site.furniture("bottom", r.choice([0, 0, 0, 1]))

    def _houses(self) -> list[Block]:
        """Stories in the manner of one of many houses."""
        interruptions = self.random.choice([0, 0, 0, 0.5])
        return lay_out_stories(self.site, lambda text: self._body(text, interruptions))

    def _long_story(self, interruptions: float) -> list[Block]:
        """A story with its headline, under which little or nothing stands before the text."""
        r = self.random
        title, *text = r.choice(self.site.stories)
        head = [[("headline", self._headline(title))]] if title and r.random() < 0.9 else []
        text = self._lengthen(text)
        if r.random() < 0.15:
            text = [" ".join(text)]
        return [*head, *self.site.furniture("before", r.choice([0, 1, 1, 2])), *self._body(text, interruptions)]

    def _sourced_story(self, source: Block, *, is_one_line: bool) -> list[Block]:
        r = self.random
        title, *text = r.choice(self.site.stories)
        text = self._lengthen(text)
        outlet = self.site.fill("{outlet}")
        head = [(role, self.site.fill(line.replace("{outlet}", outlet))) for role, line in source]
        head.append(("headline", self._headline(title)))
        promo = self.site.fill(r.choice(_PROMOS)) if r.random() < 0.6 else ""
        if is_one_line:
            line = " ".join([*text, *[r.choice(_AGENCIES)] * (r.random() < 0.6), promo]).strip()
            return [head, *self._body([line], 0)]
        return [head, *self._body(text, r.choice([0, 0, 0.5])), *[[("subscribe", promo)]] * bool(promo)]

    def _headline(self, title: str) -> str:
        """A title as a site sets it, at times with its column, author or outlet."""
        title = title or self.site.teaser()
        return self.site.fill(self.random.choice(_HEADLINES).replace("{}", title)) if self.site.chance(0.2) else title

    def _lengthen(self, text: list[str]) -> list[str]:
        """The text, sometimes as long as a long read."""
        for _ in range(self.random.choice([0, 0, 0, 1, 3])):
            text = text + self.random.choice(self.site.stories)[1:]
        return text

    def _page(self) -> list[Block]:
        blocks = self.site.furniture("top", self.random.randint(1, 4)) + self.site.menus(
            self.random.choice([0, 0, 1, 4])
        )
        blocks += self.site.furniture("more", self.random.choice([0, 0, 1, 2]))
        if self.site.chance(0.07):
            blocks += self.site.asides()
        blocks += self._story(interruptions=self.random.choice([0, 0.5, 1, 3]))
        blocks += self.site.furniture("after", self.random.randint(1, 5))
        blocks += self.site.comments()
        blocks += self.site.furniture("more", self.random.randint(0, 5))
        for _ in range(self.random.choice([0, 0, 0, 0, 1, 3])):
            blocks += self._other_story()
        if self.site.chance(0.2):
            blocks += [[("related", self.site.subhead([self.site.teaser()]))], *self.site.asides()]
        blocks += self.site.furniture("more", self.random.choice([0, 0, 2])) + self.site.menus(
            self.random.choice([0, 0, 0, 2])
        )
        return blocks + self.site.furniture("bottom", self.random.randint(1, 4))

    def _story(self, interruptions: float) -> list[Block]:
        title, *text = self.random.choice(self.site.stories)
        blocks: list[Block] = []
        if title and self.site.chance(0.15):
            blocks.append([("navigation", f"Home > {self.random.choice(['News', 'World', 'Local'])} > {title}")])
        if title:
            blocks.append([("headline", self._headline(title))])
        if self.site.chance(0.3):
            blocks.append([("heading", self.site.teaser())])
        blocks += self.site.furniture("before", self.random.choice([0, 1, 1, 1, 2, 3]))
        if self.site.chance(0.15):
            blocks += self.site.furniture("more", 1)
        return blocks + self._body(text, interruptions)

    def _other_story(self) -> list[Block]:
        r = self.random
        outlet, ago = (
            self.site.fill("{outlet}"),
            self.site.fill(r.choice(["{n} hours ago", "{date}", "{n}h", "{date} {time}"])),
        )
        title, *text = r.choice(self.site.stories)
        source: Block = [("byline", outlet), ("timestamp", ago), ("byline", f"- {outlet}")]
        head: Block = [*source[: r.randint(0, 3)], ("headline", self._headline(title))]
        if r.random() < 0.4:
            text = [" ".join(text)]
        elif r.random() < 0.5:
            text = text[: r.randint(2, 8)]
        return [
            head,
            *self.site.furniture("before", r.choice([0, 0, 1])),
            *self._body(text, 0.2),
            *self.site.furniture("after", r.choice([0, 1])),
        ]

    def _body(self, text: list[str], interruptions: float) -> list[Block]:
        """The lines of a story; `interruptions` blocks of furniture per ten lines stand among them."""
        r = self.random
        self.n_stories += 1
        body = f"body {self.n_stories}"
        blocks: list[Block] = []
        subheads, bullets, lists, tweets = r.random() < 0.25, r.random() < 0.08, r.random() < 0.12, r.random() < 0.08
        subhead, quotes = r.choice(["{}", "{}", "{}", "{n}. {}", "{n}) {}", "{}:"]), r.random() < 0.08
        rule = r.choice(BREAKS) if r.random() < 0.05 else ""
        for i, line in enumerate(text):
            role = _role_in_corpus(line)
            if subheads and i and r.random() < 0.25:
                blocks.append([(body, subhead.format(self.site.subhead(text), n=i))])
            if rule and i and r.random() < 0.2:
                blocks.append([("other", rule)])
            if bullets and r.random() < 0.3:
                blocks.append(
                    [(body, f"{self.site.style.bullet or '- '}{part}") for part in re.split(r"(?<=[.;]) ", line)]
                )
                continue
            blocks.append([(body if role is None else role, self.site.mangle(line))])
            if lists and r.random() < 0.4:
                blocks.append([(body, item) for item in self.site.items(text)])
            if tweets and r.random() < 0.3:
                quote = re.split(r"(?<=[.!?]) ", r.choice(text))[0]
                blocks.append([(body, quote), (body, self.site.fill("— {name} (@{name}) {date}"))])
            if quotes and i and r.random() < 0.2:
                blocks.append([("other", r.choice(['"{}"', "“{}”", "{}"]).format(re.split(r"(?<=[.!?]) ", line)[0]))])
            if i + 1 < len(text) and r.random() < interruptions / 10:
                for _ in range(r.choice([1, 1, 1, 2, 3])):
                    blocks += self._interruption()
        return blocks

    def _interruption(self) -> list[Block]:
        chance = self.random.random()
        if chance < 0.65:
            return self.site.furniture("inside", 1)
        return self.site.furniture("more", 1) if chance < 0.85 else self.site.furniture("after", 1)


def _role_in_corpus(line: str) -> str | None:
    """The role of a corpus story's line when it is not body."""
    if re.match(r"(By|Reporting by|Editing by|\(Reporting) ", line) and len(line) < 120:
        return "byline"
    return "caption" if re.match(r"(PHOTO|Photo|CAPTION|Caption|Image)\b", line) else None
