"""Parts of an evaluation set: by length, by number of topics."""

from collections.abc import Iterable, Sequence

from copydesk.training.data.stories import LabelledStory

_LENGTHS = ((0, "under 300 words"), (300, "300-599 words"), (600, "600-999 words"), (1000, "1000 words and more"))


def length_names() -> list[str]:
    """The names of the slices by length, short ones first."""
    return [name for _, name in _LENGTHS]


def length_slice(text: str) -> str:
    """The name of the slice that a text of this length belongs to."""
    n_words = len(text.split())
    return next(name for least, name in reversed(_LENGTHS) if n_words >= least)


def slice_by_length(texts: Iterable[str]) -> dict[str, list[int]]:
    """The indices of the texts in each slice of length, short ones first; empty slices are left out."""
    names = [length_slice(text) for text in texts]
    return _members(names, length_names())


def slice_by_topics(stories: Sequence[LabelledStory], labels: Sequence[str]) -> dict[str, list[int]]:
    """The indices of the stories with no, one, two, three or more of the labels; masked labels do not count."""
    order = ["no topic", "one topic", "two topics", "three and more topics"]
    counts = [len((story.labels - story.unsure) & set(labels)) for story in stories]
    return _members([order[min(n, 3)] for n in counts], order)


def _members(names: Sequence[str], order: Sequence[str]) -> dict[str, list[int]]:
    members = {name: [i for i, other in enumerate(names) if other == name] for name in order}
    return {name: indices for name, indices in members.items() if indices}
