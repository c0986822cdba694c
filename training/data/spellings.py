"""Labels that differ only by case or space: which spelling stands for the others."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from copydesk.training.data.stories import LabelledStory


def find_spellings(stories: Iterable[LabelledStory], labels: Sequence[str] = ()) -> dict[str, str]:
    """Each spelling that another stands for, and that other.

    A given label stands for its spellings, otherwise the commonest does, its spaces set right.
    """
    counts = Counter(label for story in stories for label in story.labels | story.unsure)
    alike: dict[str, list[str]] = defaultdict(list)
    for label in sorted(counts, key=lambda label: (-counts[label], label)):
        alike[_key(label)].append(label)
    given: dict[str, str] = {_key(label): label for label in reversed(labels)}
    chosen = {key: given.get(key, " ".join(names[0].split())) for key, names in alike.items()}
    return {name: chosen[key] for key, names in alike.items() for name in names if name not in (chosen[key], *labels)}


def respell(story: LabelledStory, spellings: Mapping[str, str]) -> LabelledStory:
    """The story with every label in its chosen spelling."""
    if not spellings.keys() & (story.labels | story.unsure):
        return story
    labels = frozenset(spellings.get(label, label) for label in story.labels)
    return replace(story, labels=labels, unsure=frozenset(spellings.get(label, label) for label in story.unsure))


def _key(label: str) -> str:
    return " ".join(label.split()).casefold()
