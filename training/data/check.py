"""Faults of labelled stories, found before training starts: named by file and line, or left out on request."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from copydesk.model.errors import DataError
from copydesk.training.data.stories import LabelledStory

MIN_EXAMPLES = 8  # fewer cannot be split into stories to learn from and stories to calibrate on
_N_SHOWN = 5


@dataclass(frozen=True)
class Fault:
    """Something that stops training: its kind, and the sentence that names file, line and remedy.

    label: the label that is at fault, where it is no story.
    """

    kind: str
    message: str
    label: str = ""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class CheckedStories:
    """Stories and labels without faults, and what was left out or set right to get there."""

    stories: list[LabelledStory]
    labels: tuple[str, ...]
    faults: list[Fault]


def check_stories(
    stories: Sequence[LabelledStory], labels: Sequence[str], unread: Sequence[str] = (), *, skip_bad: bool = False
) -> CheckedStories:
    """The stories and labels (none given: every label found) that can be learned from.

    unread: faults of rows that gave no story. Raises DataError listing the first faults, unless `skip_bad` leaves
    them out: a story with an unknown label, every story of a text with contradicting labels, all but the first story
    with the same text, and labels with too few examples. Spellings of one label are unified: nothing is lost by it.
    """
    spellings = _find_spellings(stories, labels)
    faults = [Fault("rows that do not read", text) for text in unread] + list(_misspelled(stories, spellings))
    stories = [_respell(story, spellings) for story in stories]
    found = [*_unknown_labels(stories, labels), *_repeated_texts(stories)]
    faults += [Fault(fault.kind, f"{stories[i].where}: {fault}") for i, fault in found]
    bad = {i for i, _ in found}
    kept = [story for i, story in enumerate(stories) if i not in bad]
    order = tuple(labels) or tuple(sorted({label for story in kept for label in story.labels | story.unsure}))
    rare = dict(_rare_labels(kept, order))
    faults += rare.values()
    if faults and not skip_bad:
        raise DataError(_explain(faults))
    return CheckedStories(kept, tuple(label for label in order if label not in rare), faults)


def _find_spellings(stories: Iterable[LabelledStory], labels: Sequence[str] = ()) -> dict[str, str]:
    """Each spelling that another stands for, and that other.

    A given label stands for its spellings, otherwise the commonest does, its spaces set right.
    """
    counts = Counter(label for story in stories for label in story.labels | story.unsure)
    alike: dict[str, list[str]] = defaultdict(list)
    for label in sorted(counts, key=lambda label: (-counts[label], label)):
        alike[_plain_spelling(label)].append(label)
    given: dict[str, str] = {_plain_spelling(label): label for label in reversed(labels)}
    chosen = {key: given.get(key, " ".join(names[0].split())) for key, names in alike.items()}
    return {name: chosen[key] for key, names in alike.items() for name in names if name not in (chosen[key], *labels)}


def _respell(story: LabelledStory, spellings: Mapping[str, str]) -> LabelledStory:
    """The story with every label in its chosen spelling."""
    if not spellings.keys() & (story.labels | story.unsure):
        return story
    labels = frozenset(spellings.get(label, label) for label in story.labels)
    return replace(story, labels=labels, unsure=frozenset(spellings.get(label, label) for label in story.unsure))


def _plain_spelling(label: str) -> str:
    return " ".join(label.split()).casefold()


def _misspelled(stories: Sequence[LabelledStory], spellings: Mapping[str, str]) -> Iterator[Fault]:
    counts = Counter(label for story in stories for label in story.labels | story.unsure)
    for label, chosen in spellings.items():
        first = next(story.where for story in stories if label in story.labels | story.unsure)
        times = "once" if counts[label] == 1 else f"{counts[label]} times"
        yield Fault(
            "labels spelled in several ways",
            f"{first}: label {label!r} ({times}) differs from {chosen!r} ({counts[chosen]}) only by case or space; "
            f"--skip-bad reads it as {chosen!r}",
        )


def _unknown_labels(stories: Sequence[LabelledStory], labels: Sequence[str]) -> Iterator[tuple[int, Fault]]:
    if not labels:
        return
    for i, story in enumerate(stories):
        for label in sorted((story.labels | story.unsure) - set(labels)):
            text = f"label {label!r} is not among the {len(labels)} labels {', '.join(labels)}"
            yield i, Fault("unknown labels", text)


def _repeated_texts(stories: Sequence[LabelledStory]) -> Iterator[tuple[int, Fault]]:
    copies = defaultdict(list)
    for i, story in enumerate(stories):
        copies[story.fingerprint].append(i)
    for first, *others in copies.values():
        if len({(stories[i].labels, stories[i].unsure) for i in (first, *others)}) == 1:
            yield from ((i, Fault("repeated texts", f"the same text as {stories[first].where}")) for i in others)
            continue
        for i in (first, *others):
            elsewhere = stories[others[0] if i == first else first].where
            yield i, Fault("contradictions", f"a text with different labels, also at {elsewhere}")


def _rare_labels(stories: Sequence[LabelledStory], labels: Sequence[str]) -> Iterator[tuple[str, Fault]]:
    for label in labels:
        examples = [story.where for story in stories if label in story.labels - story.unsure]
        text = f"label {label!r}: no story carries it; add {MIN_EXAMPLES} or leave the label out"
        if examples:
            count = f"{len(examples)} stor{'y carries' if len(examples) == 1 else 'ies carry'} it"
            text = f"{examples[0]}: label {label!r}: only {count}, at least {MIN_EXAMPLES} are needed"
        if len(examples) < MIN_EXAMPLES:
            yield label, Fault("rare labels", text, label)


def _explain(faults: Sequence[Fault]) -> str:
    more = f"\n  and {len(faults) - _N_SHOWN} more" if len(faults) > _N_SHOWN else ""
    count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
    listed = "".join(f"\n  {fault}" for fault in faults[:_N_SHOWN])
    return (
        f"{count} in the labelled stories; correct the files (copydesk data check shows all), "
        f"or leave them out with --skip-bad:{listed}{more}"
    )
