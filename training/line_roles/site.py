"""One made-up site: its language, its habits, and the furniture it sets around stories."""

import random
import re
import textwrap

from copydesk.training.line_roles.language import Block, Language

_SLOT = re.compile(r"\{(\w+)\}")
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


class Site:
    """A random site: one language's furniture, dressed its own way. Stories are lists of lines, the title first."""

    def __init__(self, r: random.Random, languages: dict[str, Language], corpus: list[list[str]]) -> None:
        self.random = r
        name = "en" if r.random() < 0.5 else r.choice(sorted(languages))
        self.language = languages[name]
        self.english = languages["en"]
        self.stories = self.language.stories
        if name == "en" or r.random() < 0.6:  # shape matters, not language
            self.stories = corpus
        self.style = _Style(r)

    def furniture(self, section: str, n: int) -> list[Block]:
        """Blocks of a section, filled in and dressed; English ones turn up on every site."""
        own, english = self.language.blocks[section], self.english.blocks[section]
        blocks = [self.random.choice(english if self.chance(0.1) else own) for _ in range(n)]
        return [self._dress([(role, self.fill(line)) for role, line in block]) for block in blocks]

    def menus(self, n: int) -> list[Block]:
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
                if self.chance(0.4)
                else " ".join(self.random.sample(words, self.random.randint(1, 3)))
                for _ in range(self.random.randint(3, 20))
            ]
            blocks.append([("navigation", line) for line in menu])
        return blocks

    def comments(self) -> list[Block]:
        """Readers' remarks, made from sentences of other stories in a reader's dress."""
        if not self.chance(0.25):
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
        return [[(role, self.fill(line)) for role, line in remarks]]

    def asides(self) -> list[Block]:
        """Lists of other stories with their first sentences, in one of the many ways of setting them."""
        r = self.random
        shape = r.choice(
            ["{t}|{x}", "{t}|{x}|{d}", "{t}{x}", "{d}|{t}|{x}", "{c}|{t}|{x}|{b}", "{x}", "{t}: {x}", "* {x}"]
        )
        asides = []
        for _ in range(r.randint(2, 8)):
            title, *text = r.choice(self.stories)
            parts = {"t": title or self.teaser(), "x": " ".join(re.split(r"(?<=[.!?]) ", text[0])[: r.randint(1, 3)])}
            parts |= {"d": self.fill("{date}"), "c": self.subhead(text).upper(), "b": self.fill("By {name}")}
            cut = r.choice([120, 160, 250, 400])
            if len(parts["x"]) > cut:
                parts["x"] = parts["x"][:cut] + r.choice(["...", "…", " […]", ""])
            asides.append([("related", line.format(**parts)) for line in shape.split("|")])
        return asides

    def teaser(self) -> str:
        """A line that makes one want to read a story."""
        r = self.random
        if r.random() < 0.4 or len(self.stories) < 20:
            return r.choice(self.language.lists["teaser"])
        sentence = re.split(r"(?<=[.!?]) ", r.choice(r.choice(self.stories)[1:] or ["More to come"]))[0]
        return sentence[: r.randint(50, 160)] + r.choice(["...", "…", " [...]"]) if r.random() < 0.3 else sentence

    def subhead(self, text: list[str]) -> str:
        """A few words of a story, as a heading."""
        words = self.random.choice(text).split()[: self.random.randint(1, 6)]
        line = " ".join(words).strip('.,;:"“”')
        return self.random.choice([line, line, line.title(), line.upper(), line + "?", line + ":"]) or "More"

    def items(self, text: list[str]) -> list[str]:
        """A list inside a story: short lines, numbered, dotted or bare."""
        mark = self.random.choice(["", "", "- ", "* ", "{i}. ", "{i}) ", "{d} -- "])
        return [
            mark.format(i=i, d=self.fill("{date}")) + self.subhead(text) for i in range(1, self.random.randint(3, 9))
        ]

    def mangle(self, line: str) -> str:
        """A line of a story as the site renders it."""
        if self.style.is_lower:
            line = line.lower()
        if self.style.wrap:
            return textwrap.fill(line, self.style.wrap)
        if self.chance(0.02):  # a link or tag broke the line
            cut = line.find(" ", len(line) // 2)
            return line if cut < 0 else line[:cut] + "\n" + line[cut + 1 :]
        return line

    def fill(self, line: str) -> str:
        """The line with names, dates and titles in its slots."""

        def value(match: re.Match[str]) -> str:
            r, slot = self.random, match.group(1)
            if slot == "n":
                return str(r.randint(1, 24))
            if slot == "ago":
                return r.choice(_AGES).format(n=r.randint(2, 23))
            if slot == "title":
                return r.choice(self.stories)[0] or self.teaser()
            return self.teaser() if slot == "teaser" else r.choice(self.language.lists[slot])

        return _SLOT.sub(value, line)

    def chance(self, probability: float) -> bool:
        """True this often."""
        return self.random.random() < probability

    def lay_out(self, blocks: list[Block]) -> Block:
        """The blocks one under the other, with the site's blank lines."""
        page: Block = []
        for block in blocks:
            for i, (role, line) in enumerate(block):
                if (i == 0 and self.chance(self.style.blank_blocks)) or self.chance(self.style.blank_lines):
                    page.append(("", ""))
                page += [(role, part) for part in line.split("\n") if part.strip()]
        return page

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


class _Style:
    """The habits of one site's plain-text rendering."""

    def __init__(self, r: random.Random) -> None:
        self.bullet = r.choice(["", "", "", "* ", "* ", "+ ", "- ", "• ", "1. "])
        self.blank_blocks = r.choice([0, 0, 0.5, 1, 1, 1])
        self.blank_lines = r.choice([0, 0, 0.3, 1])
        self.joined = r.choice([0, 0, 0.3, 0.8])
        self.joint = r.choice([" ", " ", " | ", "", " · ", " / "])
        self.is_lower = r.random() < 0.02
        self.wrap = r.choice([64, 72, 76]) if r.random() < 0.06 else 0  # columns
        if self.wrap:
            self.blank_blocks = self.blank_lines = 1
