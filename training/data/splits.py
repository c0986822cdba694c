"""Splits that last: a text that was once in the test set is there for ever, one that was learned from never is."""

import base64
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from copydesk.model.errors import DataError
from copydesk.model.files.disk import write_lines
from copydesk.training.data.duplicates import Signature, group_signatures
from copydesk.training.data.stories import LabelledStory, count_labels, split_stories

TEST_SHARE = 0.1  # of new stories, set aside for a test
_SCHEMA = 1  # also stands for the way texts are fingerprinted and signed


@dataclass(frozen=True)
class Split:
    """Stories to learn from, to calibrate on, and to test on. No text, and no near-duplicate of it, is in two."""

    train: list[LabelledStory]
    held_out: list[LabelledStory]
    test: list[LabelledStory]


@dataclass(frozen=True)
class _Seen:
    """A text that was split before. signature: uint32 [N_HASHES]."""

    is_test: bool
    signature: Signature


class FrozenTest:
    """The side of every text ever split: it grows, and never loses or moves one. It holds fingerprints, no texts."""

    def __init__(self, share: float = TEST_SHARE) -> None:
        """share: of new stories, that go to the test set."""
        self.share = share
        self._seen: dict[str, _Seen] = {}

    def __len__(self) -> int:
        """How many texts are in the test set."""
        return sum(seen.is_test for seen in self._seen.values())

    def __contains__(self, story: LabelledStory) -> bool:
        """Whether the story's text is in the test set."""
        seen = self._seen.get(story.fingerprint)
        return seen is not None and seen.is_test

    @classmethod
    def load(cls, path: Path, share: float = TEST_SHARE) -> "FrozenTest":
        """The test set in the file, or a new one where there is none. Raises DataError for a damaged file."""
        frozen = cls(share)
        frozen._seen = _read(path)
        return frozen

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all. Raises DataError where the file holds a text that this set does not."""
        lost = [fingerprint for fingerprint, seen in _read(path).items() if self._side(fingerprint) != seen.is_test]
        if lost:
            raise DataError(f"{path}: another run has split {len(lost)} texts meanwhile; start this one again")
        _write(path, self._seen)

    def split(self, stories: Sequence[LabelledStory], held_out: float = 0.15) -> Split:
        """The stories' sides. New texts join the side of their near-duplicates, else the one that their rows name, else
        that of their fingerprint.

        A label of which the fingerprints would leave less than its share to the test set gets more. Raises DataError
        where nothing is left to learn from or to hold out.
        """
        self._add({story.fingerprint: story for story in stories})
        learn = [story for story in stories if story not in self]
        return Split(*split_stories(learn, held_out), test=[story for story in stories if story in self])

    def keep(self, stories: Sequence[LabelledStory]) -> list[LabelledStory]:
        """Put into the test set what was not learned from, nor is a near-duplicate of such a text; returns it."""
        seen = list(self._seen.values())
        groups = group_signatures([one.signature for one in seen] + [story.signature for story in stories])
        learned = {group for group, one in zip(groups, seen, strict=False) if not one.is_test}
        kept = [story for story, group in zip(stories, groups[len(seen) :], strict=True) if group not in learned]
        for story in kept:
            self._seen.setdefault(story.fingerprint, _Seen(is_test=True, signature=story.signature))
        return kept

    def _side(self, fingerprint: str) -> bool | None:
        seen = self._seen.get(fingerprint)
        return None if seen is None else seen.is_test

    def _add(self, stories: Mapping[str, LabelledStory]) -> None:
        new = [fingerprint for fingerprint in stories if fingerprint not in self._seen]
        known = [seen.signature for seen in self._seen.values()]
        groups = group_signatures(known + [stories[fingerprint].signature for fingerprint in new])
        sides = [seen.is_test for seen in self._seen.values()]
        test, free = _join_sides(sides, new, groups)
        test |= {member for group in free if any(stories[one].for_test for one in group) for member in group}
        free = [group for group in free if all(stories[one].for_test is None for one in group)]
        test |= {member for group in free if _draw(group) < self.share for member in group}
        in_test = [story for fingerprint, story in stories.items() if fingerprint in test or self._side(fingerprint)]
        test |= _top_up(stories, count_labels(in_test), [g for g in free if _draw(g) >= self.share], self.share)
        for fingerprint in new:
            self._seen[fingerprint] = _Seen(fingerprint in test, stories[fingerprint].signature)


def _join_sides(
    sides: Sequence[bool], new: Sequence[str], groups: Sequence[int]
) -> tuple[set[str], list[tuple[str, ...]]]:
    """New texts that belong to the test set by a near-duplicate there, and the groups without any text seen before.

    sides: of the texts seen before, whether they are test; groups: of these and then the new ones.
    """
    seen_sides, members = defaultdict(set), defaultdict(list)
    for group, is_test in zip(groups, sides, strict=False):
        seen_sides[group].add(is_test)
    for group, fingerprint in zip(groups[len(sides) :], new, strict=True):
        members[group].append(fingerprint)
    joined = {f for group, texts in members.items() if True in seen_sides[group] for f in texts}
    return joined, [tuple(texts) for group, texts in members.items() if not seen_sides[group]]


def _draw(group: Iterable[str]) -> float:
    """A number in [0, 1) that is the group's own. The largest of its texts': a group is not likelier to be test."""
    return max(int(fingerprint[8:16], 16) / 16**8 for fingerprint in group)


def _top_up(
    stories: Mapping[str, LabelledStory], n_test: Counter[str], free: Iterable[tuple[str, ...]], share: float
) -> set[str]:
    """Groups that give each label its share of test stories, those with the smallest draw first, rare labels first."""
    counts = count_labels(stories.values())
    waiting, taken = sorted(free, key=_draw), set[str]()
    for label in sorted(counts, key=lambda label: (counts[label], label)):
        for group in waiting:
            if n_test[label] >= round(share * counts[label]):
                break
            if taken.isdisjoint(group) and any(label in stories[member].labels for member in group):
                taken.update(group)
                n_test += count_labels(stories[member] for member in group)
    return taken


def _read(path: Path) -> dict[str, _Seen]:
    try:
        head, *lines = path.read_text(encoding="utf-8").splitlines()
        header = json.loads(head)
        if header["schema"] != _SCHEMA:
            raise DataError(f"{path}: schema {header['schema']}, this version reads {_SCHEMA}; upgrade copydesk")
        if header["sha256"] != _digest(lines):
            raise DataError(
                f"{path}: damaged: its {len(lines)} lines are not the {header['texts']} written; restore it"
            )
        return {row["text"]: _Seen(row["test"], _unpack(row["near"])) for row in map(json.loads, lines)}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DataError(f"{path}: does not read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not a file of splits, or damaged; restore it from a copy") from error


def _write(path: Path, seen: Mapping[str, _Seen]) -> None:
    rows = ({"text": text, "test": seen[text].is_test, "near": _pack(seen[text].signature)} for text in sorted(seen))
    lines = [json.dumps(row) for row in rows]
    header = json.dumps({"schema": _SCHEMA, "texts": len(lines), "sha256": _digest(lines)})
    write_lines(path, (header, *lines))


def _digest(lines: Iterable[str]) -> str:
    return sha256("\n".join(lines).encode()).hexdigest()


def _pack(signature: Signature) -> str:
    return base64.b64encode(signature.astype("<u4").tobytes()).decode()


def _unpack(text: str) -> Signature:
    return np.frombuffer(base64.b64decode(text, validate=True), "<u4").astype(np.uint32)
