"""Trains the classifier of line roles on pages composed from `training/pages/` and the stories of `training/corpus/`.

    python -m training.line_roles            # writes model/line_roles.json

`training/pages/*.txt` holds what stands around stories on news sites, written by hand in many languages: sections
(`== before`), blocks of lines that come together, `@role` before each line. A composed page is a random site's layout
around a random story; every line's role is known because it was put there.
"""

import argparse
import json
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.line_features import describe_lines
from model.line_classifier import CLASSIFIER, REACH, ROLES, RoleClassifier, save_classifier
from model.lines import Line, split_lines

HERE = Path(__file__).parent
_MEMBERS, _HIDDEN, _EPOCHS, _BATCH = 4, 32, 8, 1024
_BLUR, _BLOT = 0.3, 0.2  # noise in standard deviations, share of features hidden: 0.90 -> 0.93 F1 on real pages
_BODY_WEIGHT = 3.0  # a lost line of body is worse than a line of furniture kept
_LISTS = ("name", "outlet", "place", "date", "time", "teaser")
_SLOT = re.compile(r"\{(\w+)\}")

Block = list[tuple[str, str]]  # role and line

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
_AGES = [
    "{n} hours ago",
    "{n} minutes ago",
    "an hour ago",
    "a day ago",
    "{n} days ago",
    "{n}d",
    "{n} hrs ago",
    "Today",
    "moments ago",
]


@dataclass
class Language:
    """The furniture and stories of one language."""

    lists: dict[str, list[str]] = field(default_factory=dict)
    blocks: dict[str, list[Block]] = field(default_factory=dict)
    stories: list[list[str]] = field(default_factory=list)  # title first


def read_language(path: Path) -> Language:
    """The sections of one file of `training/pages/`."""
    language = Language()
    for section in re.split(r"^== ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
        name, _, content = section.partition("\n")
        chunks = [chunk.splitlines() for chunk in re.split(r"\n\s*\n", content.strip())]
        if name in _LISTS:
            language.lists[name] = [line for chunk in chunks for line in chunk]
        elif name == "body":
            language.stories += chunks
        else:
            language.blocks[name] = [[_read_line(line) for line in chunk] for chunk in chunks]
    return language


def _read_line(line: str) -> tuple[str, str]:
    if line.startswith("@"):
        role, _, text = line[1:].partition(" ")
        assert role in ROLES, line
        return role, text
    return "navigation", line


def read_corpus(folder: Path) -> list[list[str]]:
    """The stories of a folder of JSONL files, each a list of lines, its title first."""
    rows = [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.open(encoding="utf-8")]
    return [[row.get("title") or "", *re.split(r"\n+", row["text"].strip())] for row in rows]


class Composer:
    """Composes pages: random layouts of one language's furniture around random stories."""

    def __init__(self, languages: dict[str, Language], corpus: list[list[str]], seed: int) -> None:
        self.languages = languages
        self.corpus = corpus
        self.random = random.Random(seed)
        self.n_stories = 0

    def compose(self) -> Block:
        """The lines of a page with their roles, blank lines among them."""
        r = self.random
        self.n_stories = 0
        name = "en" if r.random() < 0.5 else r.choice(sorted(self.languages))
        self.language = self.languages[name]
        self.stories = self.language.stories
        if name == "en" or r.random() < 0.6:  # shape matters, not language
            self.stories = self.corpus
        self.style = _Style(r)
        kind = r.random()
        if kind < 0.25:
            return self._set(self._plain())
        if kind < 0.45:
            return self._set(self._snippet())
        if kind < 0.7:
            return self._set(self._digest())
        return self._set(self._page())

    def _plain(self) -> list[Block]:
        """A story as a user of the API sends it: text, perhaps a headline, byline or sign-off."""
        title, *text = self.random.choice(self.stories)
        if self._chance(0.15):
            text = [" ".join(text)]
        blocks = [[("headline", title)]] if title and self._chance(0.4) else []
        if self._chance(0.15):
            blocks.append([("byline", self._fill("{name}"))])
        blocks += self._body(text, interruptions=0.15)
        if self._chance(0.1):
            blocks += self._some("after", 1)
        return blocks

    def _snippet(self) -> list[Block]:
        """What one copies out of a browser: the story and some of what is around it."""
        blocks = self._story(interruptions=self.random.choice([0, 0.5, 2]))
        blocks += self._some("after", self.random.randint(0, 4))
        blocks += self._some("more", self.random.randint(0, 2))
        for _ in range(self.random.choice([0, 0, 0, 1, 2, 3])):
            blocks += self._other_story()
        return blocks

    def _digest(self) -> list[Block]:
        """A story, a little furniture, and other stories in full under it, each with its source, one like the other."""
        r = self.random
        blocks = self._some("top", r.choice([0, 0, 0, 1])) + self._long_story(r.choice([0, 0, 0.5]))
        for _ in range(r.randint(1, 4)):
            blocks += self._some(r.choice(["after", "after", "inside", "more", "bottom"]), 1)
        if r.random() < 0.7:
            blocks.append([("related", self._fill(r.choice(_RELATED)))])
        source, shape = r.choice(_SOURCES), r.random()
        for _ in range(r.choice([1, 2, 3, 3, 4])):
            blocks += self._sourced_story(source, is_one_line=shape < 0.7)
        return blocks + self._some("bottom", r.choice([0, 0, 0, 1]))

    def _long_story(self, interruptions: float) -> list[Block]:
        """A story with its headline, under which little or nothing stands before the text."""
        r = self.random
        title, *text = r.choice(self.stories)
        head = [[("headline", title)]] if title and r.random() < 0.9 else []
        text = self._lengthen(text)
        if r.random() < 0.15:
            text = [" ".join(text)]
        return [*head, *self._some("before", r.choice([0, 1, 1, 2])), *self._body(text, interruptions)]

    def _sourced_story(self, source: Block, *, is_one_line: bool) -> list[Block]:
        r = self.random
        title, *text = r.choice(self.stories)
        text = self._lengthen(text)
        outlet = self._fill("{outlet}")
        head = [(role, self._fill(line.replace("{outlet}", outlet))) for role, line in source]
        head.append(("headline", title or self._teaser()))
        promo = self._fill(r.choice(_PROMOS)) if r.random() < 0.6 else ""
        if is_one_line:
            line = " ".join([*text, *[r.choice(_AGENCIES)] * (r.random() < 0.6), promo]).strip()
            return [head, *self._body([line], 0)]
        return [head, *self._body(text, r.choice([0, 0, 0.5])), *[[("subscribe", promo)]] * bool(promo)]

    def _lengthen(self, text: list[str]) -> list[str]:
        """The text, sometimes as long as a long read."""
        for _ in range(self.random.choice([0, 0, 0, 1, 3])):
            text = text + self.random.choice(self.stories)[1:]
        return text

    def _page(self) -> list[Block]:
        blocks = self._some("top", self.random.randint(1, 4)) + self._menus(self.random.choice([0, 0, 1, 4]))
        blocks += self._some("more", self.random.choice([0, 0, 1, 2]))
        if self._chance(0.07):
            blocks += self._asides()
        blocks += self._story(interruptions=self.random.choice([0, 0.5, 1, 3]))
        blocks += self._some("after", self.random.randint(1, 5))
        blocks += self._comments()
        blocks += self._some("more", self.random.randint(0, 5))
        for _ in range(self.random.choice([0, 0, 0, 0, 1, 3])):
            blocks += self._other_story()
        if self._chance(0.2):
            blocks += [[("related", self._subhead([self._teaser()]))], *self._asides()]
        blocks += self._some("more", self.random.choice([0, 0, 2])) + self._menus(self.random.choice([0, 0, 0, 2]))
        return blocks + self._some("bottom", self.random.randint(1, 4))

    def _story(self, interruptions: float) -> list[Block]:
        title, *text = self.random.choice(self.stories)
        blocks: list[Block] = []
        if title and self._chance(0.15):
            blocks.append([("navigation", f"Home > {self.random.choice(['News', 'World', 'Local'])} > {title}")])
        if title:
            blocks.append([("headline", title)])
        if self._chance(0.3):
            blocks.append([("heading", self._teaser())])
        blocks += self._some("before", self.random.choice([0, 1, 1, 1, 2, 3]))
        if self._chance(0.15):
            blocks += self._some("more", 1)
        return blocks + self._body(text, interruptions)

    def _other_story(self) -> list[Block]:
        r = self.random
        outlet, ago = self._fill("{outlet}"), self._fill(r.choice(["{n} hours ago", "{date}", "{n}h", "{date} {time}"]))
        title, *text = r.choice(self.stories)
        source: Block = [("byline", outlet), ("timestamp", ago), ("byline", f"- {outlet}")]
        head: Block = [*source[: r.randint(0, 3)], ("headline", title or self._teaser())]
        if r.random() < 0.4:
            text = [" ".join(text)]
        elif r.random() < 0.5:
            text = text[: r.randint(2, 8)]
        return [
            head,
            *self._some("before", r.choice([0, 0, 1])),
            *self._body(text, 0.2),
            *self._some("after", r.choice([0, 1])),
        ]

    def _body(self, text: list[str], interruptions: float) -> list[Block]:
        """The lines of a story; `interruptions` blocks of furniture per ten lines stand among them."""
        r = self.random
        self.n_stories += 1
        body = f"body {self.n_stories}"
        blocks: list[Block] = []
        subheads, bullets, lists, tweets = r.random() < 0.25, r.random() < 0.08, r.random() < 0.12, r.random() < 0.08
        for i, line in enumerate(text):
            role = _role_in_corpus(line)
            if subheads and i and r.random() < 0.25:
                blocks.append([(body, self._subhead(text))])
            if bullets and r.random() < 0.3:
                blocks.append([(body, f"{self.style.bullet or '- '}{part}") for part in re.split(r"(?<=[.;]) ", line)])
                continue
            blocks.append([(body if role is None else role, self._mangle(line))])
            if lists and r.random() < 0.4:
                blocks.append([(body, item) for item in self._items(text)])
            if tweets and r.random() < 0.3:
                quote = re.split(r"(?<=[.!?]) ", r.choice(text))[0]
                blocks.append([(body, quote), (body, self._fill("— {name} (@{name}) {date}"))])
            if i + 1 < len(text) and r.random() < interruptions / 10:
                for _ in range(r.choice([1, 1, 1, 2, 3])):
                    blocks += self._interruption()
        return blocks

    def _interruption(self) -> list[Block]:
        chance = self.random.random()
        if chance < 0.65:
            return self._some("inside", 1)
        return self._some("more", 1) if chance < 0.85 else self._some("after", 1)

    def _asides(self) -> list[Block]:
        """Lists of other stories with their first sentences, in one of the many ways of setting them."""
        r = self.random
        shape = r.choice(
            ["{t}|{x}", "{t}|{x}|{d}", "{t}{x}", "{d}|{t}|{x}", "{c}|{t}|{x}|{b}", "{x}", "{t}: {x}", "* {x}"]
        )
        asides = []
        for _ in range(r.randint(2, 8)):
            title, *text = r.choice(self.stories)
            parts = {"t": title or self._teaser(), "x": " ".join(re.split(r"(?<=[.!?]) ", text[0])[: r.randint(1, 3)])}
            parts |= {"d": self._fill("{date}"), "c": self._subhead(text).upper(), "b": self._fill("By {name}")}
            cut = r.choice([120, 160, 250, 400])
            if len(parts["x"]) > cut:
                parts["x"] = parts["x"][:cut] + r.choice(["...", "…", " […]", ""])
            asides.append([("related", line.format(**parts)) for line in shape.split("|")])
        return asides

    def _subhead(self, text: list[str]) -> str:
        words = self.random.choice(text).split()[: self.random.randint(1, 6)]
        line = " ".join(words).strip('.,;:"“”')
        return self.random.choice([line, line, line.title(), line.upper(), line + "?", line + ":"]) or "More"

    def _items(self, text: list[str]) -> list[str]:
        """A list inside a story: short lines, numbered, dotted or bare."""
        mark = self.random.choice(["", "", "- ", "* ", "{i}. ", "{i}) ", "{d} -- "])
        return [
            mark.format(i=i, d=self._fill("{date}")) + self._subhead(text) for i in range(1, self.random.randint(3, 9))
        ]

    def _mangle(self, line: str) -> str:
        if self.style.is_lower:
            line = line.lower()
        if self._chance(0.02):  # a link or tag broke the line
            cut = line.find(" ", len(line) // 2)
            return line if cut < 0 else line[:cut] + "\n" + line[cut + 1 :]
        return line

    def _menus(self, n: int) -> list[Block]:
        """Long menus of one to three words, in the style of the site."""
        entries = [
            line
            for blocks in self.language.blocks.values()
            for block in blocks
            for role, line in block
            if role == "navigation"
        ]
        words = [
            word.strip('.,:;?!"“”').title()
            for story in self.random.sample(self.stories, min(3, len(self.stories)))
            for word in " ".join(story).split()
            if len(word) > 3
        ]
        blocks = []
        for _ in range(n):
            menu = [
                self.random.choice(entries)
                if self._chance(0.4)
                else " ".join(self.random.sample(words, self.random.randint(1, 3)))
                for _ in range(self.random.randint(3, 20))
            ]
            blocks.append([("navigation", line) for line in menu])
        return blocks

    def _comments(self) -> list[Block]:
        """Readers' remarks, made from sentences of other stories in a reader's dress."""
        if not self._chance(0.25):
            return []
        r = self.random
        remarks: Block = [("comments", r.choice(["Comments", "{n} comments", "Join the discussion", "Your say"]))]
        for _ in range(r.randint(2, 15)):
            sentences = re.split(r"(?<=[.!?]) ", r.choice(r.choice(self.stories)[1:]))[: r.randint(1, 3)]
            remark = r.choice(
                [" ".join(sentences), " ".join(sentences).lower(), " ".join(sentences).replace(".", "!!")]
            )
            remarks += [("comments", r.choice(["{name}", "{name} says:", "reader{n}", "1. {name}", "{name}, {place}"]))]
            remarks += [("timestamp", r.choice(["{n} hours ago", "{date} at {time}"]))] * r.randint(0, 1)
            remarks += [("comments", remark)]
            remarks += [
                ("comments", line) for line in r.choice([["Reply"], [], ["Reply", "Share", "Report"], ["{n}", "Reply"]])
            ]
        return [[(role, self._fill(line)) for role, line in remarks]]

    def _some(self, section: str, n: int) -> list[Block]:
        """Blocks of a section, filled in and dressed; English ones turn up on every site."""
        own, english = self.language.blocks[section], self.languages["en"].blocks[section]
        blocks = [self.random.choice(english if self._chance(0.1) else own) for _ in range(n)]
        return [self._dress([(role, self._fill(line)) for role, line in block]) for block in blocks]

    def _dress(self, block: Block) -> Block:
        """Bullets, or all on one line, or capitals, as the site likes."""
        style, r = self.style, self.random
        role = block[0][0]
        if (
            len(block) > 2
            and len({role for role, _ in block}) == 1
            and role in ("navigation", "share", "byline", "timestamp")
            and r.random() < style.joined
        ):
            return [(role, style.joint.join(line for _, line in block))]
        if len(block) > 2 and style.bullet and r.random() < 0.8:
            return [(role, style.bullet + line if role != "timestamp" else line) for role, line in block]
        return block

    def _teaser(self) -> str:
        r = self.random
        if r.random() < 0.4 or len(self.stories) < 20:
            return r.choice(self.language.lists["teaser"])
        sentence = re.split(r"(?<=[.!?]) ", r.choice(r.choice(self.stories)[1:] or ["More to come"]))[0]
        return sentence[: r.randint(50, 160)] + r.choice(["...", "…", " [...]"]) if r.random() < 0.3 else sentence

    def _fill(self, line: str) -> str:
        def value(match: re.Match[str]) -> str:
            r, slot = self.random, match.group(1)
            if slot == "n":
                return str(r.randint(1, 24))
            if slot == "ago":
                return r.choice(_AGES).format(n=r.randint(2, 23))
            if slot == "title":
                return r.choice(self.stories)[0] or self._teaser()
            return self._teaser() if slot == "teaser" else r.choice(self.language.lists[slot])

        return _SLOT.sub(value, line)

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def _set(self, blocks: list[Block]) -> Block:
        """The blocks one under the other, with the site's blank lines."""
        page: Block = []
        for block in blocks:
            for i, (role, line) in enumerate(block):
                if (i == 0 and self._chance(self.style.blank_blocks)) or self._chance(self.style.blank_lines):
                    page.append(("", ""))
                page += [(role, part) for part in line.split("\n") if part.strip()]
        return page


class _Style:
    """The habits of one site's plain-text rendering."""

    def __init__(self, r: random.Random) -> None:
        self.bullet = r.choice(["", "", "", "* ", "* ", "+ ", "- ", "• ", "1. "])
        self.blank_blocks = r.choice([0, 0, 0.5, 1, 1, 1])
        self.blank_lines = r.choice([0, 0, 0.3, 1])
        self.joined = r.choice([0, 0, 0.3, 0.8])
        self.joint = r.choice([" ", " ", " | ", "", " · ", " / "])
        self.is_lower = r.random() < 0.02


def _role_in_corpus(line: str) -> str | None:
    """The role of a corpus story's line when it is not body."""
    if re.match(r"(By|Reporting by|Editing by|\(Reporting) ", line) and len(line) < 120:
        return "byline"
    return "caption" if re.match(r"(PHOTO|Photo|CAPTION|Caption|Image)\b", line) else None


@dataclass(frozen=True)
class LabelledPage:
    """A composed page's lines, with the role of each and the number of the story it belongs to (0: none)."""

    lines: list[Line]
    features: NDArray[np.float32]
    roles: NDArray[np.int64]
    stories: NDArray[np.int64]


def label_page(page: Block) -> LabelledPage:
    """The lines of a composed page, described and labelled."""
    label_at, offset = {}, 0
    for role, line in page:
        label_at[offset + len(line) - len(line.lstrip())] = role
        offset += len(line) + 1
    lines = split_lines("\n".join(line for _, line in page))
    labels = [label_at[line.start].partition(" ") for line in lines]
    return LabelledPage(
        lines,
        describe_lines(lines),
        np.array([ROLES.index(role) for role, _, _ in labels]),
        np.array([int(story or 0) for _, _, story in labels]),
    )


def train(features: NDArray[np.float32], roles: NDArray[np.int64], seed: int) -> RoleClassifier:
    """A classifier of line roles: the mean of a few small networks, written as one.

    A single one is a matter of luck on real pages, which differ from composed ones.
    """
    mean, scale = features.mean(0), features.std(0) + 1e-2
    inputs = torch.from_numpy((features - mean) / scale).clamp(-REACH, REACH)
    targets = torch.from_numpy(roles)
    members = [_train_member(inputs, targets, seed + i) for i in range(_MEMBERS)]
    hidden, hidden_bias, output, output_bias = (np.stack(weights) for weights in zip(*members, strict=True))
    return RoleClassifier(
        mean,
        scale,
        np.concatenate(hidden, axis=0).T,
        np.concatenate(hidden_bias),
        (np.concatenate(output, axis=1).T / _MEMBERS).astype(np.float32),
        output_bias.mean(axis=0),
    )


def _train_member(inputs: Tensor, targets: Tensor, seed: int) -> list[NDArray[np.float32]]:
    """The weights of one network, fitted to lines blurred and blotted, so that it leans on no single feature."""
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(inputs.shape[1], _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, len(ROLES)))
    loss = nn.CrossEntropyLoss(weight=torch.tensor([_BODY_WEIGHT] + [1.0] * (len(ROLES) - 1)), label_smoothing=0.02)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    n_batches = len(inputs) // _BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=_EPOCHS * n_batches)
    for _ in range(_EPOCHS):
        for batch in torch.randperm(len(inputs))[: n_batches * _BATCH].view(-1, _BATCH):
            seen = inputs[batch] * (torch.rand(_BATCH, inputs.shape[1]) > _BLOT)
            optimizer.zero_grad()
            loss(network(seen + _BLUR * torch.randn_like(seen)), targets[batch]).backward()
            optimizer.step()
            schedule.step()
    return [parameter.detach().numpy() for parameter in network.parameters()]


def main() -> None:
    """Composes pages, trains the classifier and writes it."""
    parser = argparse.ArgumentParser(description="Trains the classifier of line roles.")
    parser.add_argument("--corpus", type=Path, default=HERE / "corpus", help="folder of stories, JSONL")
    parser.add_argument("--pages", type=int, default=3500, help="how many pages to compose")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=CLASSIFIER)
    options = parser.parse_args()
    languages = {path.stem: read_language(path) for path in sorted((HERE / "pages").glob("*.txt"))}
    composer = Composer(languages, read_corpus(options.corpus), options.seed)
    pages = [label_page(composer.compose()) for _ in range(options.pages)]
    features = np.concatenate([page.features for page in pages])
    classifier = train(features, np.concatenate([page.roles for page in pages]), options.seed)
    save_classifier(classifier, options.out)
    print(f"{options.out}: learned from {len(features)} lines of {len(pages)} pages")


if __name__ == "__main__":
    main()
