"""The data check as short tables for a terminal."""

from collections import Counter
from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.text import Text

from copydesk.training.data.profile import Profile
from copydesk.training.reports.tables import make_table

_N_LABELS = 30  # rows of the label table
_N_FAULTS = 3  # of each kind
_N_SHOWN = 10  # pairs of labels, doubted labels
_BAR = 24  # characters


def data_tables(data: Profile) -> Iterator[RenderableType]:
    """Faults first, then labels, pairs of labels, doubted labels, notes, and whether the data can be used."""
    yield from _faults(data)
    yield from _labels(data)
    yield from _together(data)
    yield from _doubted(data)
    lengths = ", ".join(f"{name} {n:,}" for name, n in data.length_quantiles().items())
    by_number = ", ".join(f"{n}: {count:,}" for n, count in data.stories_by_n_labels.items())
    for name, text in (("words", lengths), ("labels per story", by_number)):
        yield Text.assemble((f"{name}: ", "bold"), text)
    for note in data.notes:
        yield Text.assemble(("note: ", "bold yellow"), note)
    yield _verdict(data)


def _faults(data: Profile) -> Iterator[RenderableType]:
    for kind, n in Counter(fault.kind for fault in data.faults).items():
        yield Text(f"{n} {kind}", style="bold red")
        shown = [fault for fault in data.faults if fault.kind == kind][:_N_FAULTS]
        yield from (f"  {fault}" for fault in shown)
        if n > len(shown):
            yield Text(f"  and {n - len(shown)} more", style="dim")


def _labels(data: Profile) -> Iterator[RenderableType]:
    title = f"{_stories(data.n_stories)} from {_files(data.files)}, {len(data.labels)} labels"
    table = make_table(title, "label", "stories", "share", "unsure", "AP*", "doubted")
    table.add_column()
    ranked = sorted(data.labels.items(), key=lambda pair: -pair[1].n_stories)
    most = max((count.n_stories for _, count in ranked), default=1)
    for label, count in ranked[:_N_LABELS]:
        learned = "" if count.average_precision is None else f"{count.average_precision:.2f}"
        numbers = (
            f"{count.n_stories:,}",
            f"{count.n_stories / data.n_stories:.1%}",
            str(count.n_unsure or ""),
            learned,
        )
        bar = "█" * max(1, round(_BAR * count.n_stories / most))
        table.add_row(Text(label), *numbers, str(count.n_doubted or ""), Text(bar, style="blue"))
    yield table
    rest = ranked[_N_LABELS:]
    if rest:
        ends = f"{rest[-1][1].n_stories} to {_stories(rest[0][1].n_stories)}"
        yield Text(f"and {len(rest)} labels of {ends}", style="dim")
    yield Text("* average precision of TF-IDF with logistic regression on stories it did not see\n", style="dim")


def _together(data: Profile) -> Iterator[RenderableType]:
    if not data.together:
        return
    table = make_table("labels that stand together", "rarer", "stories", "of the rarer", "with")
    for pair in data.together[:_N_SHOWN]:
        table.add_row(Text(pair.rarer), f"{pair.n_stories:,}", f"{pair.share:.0%}", Text(pair.other))
    yield table


def _doubted(data: Profile) -> Iterator[RenderableType]:
    if not data.doubted:
        return
    table = make_table("labels worth a second look", "story", "probability")
    table.add_column("label")
    table.add_column("is it given?")
    table.add_column("where")
    for error in data.doubted[:_N_SHOWN]:
        given = "given" if error.is_given else "missing"
        table.add_row(Text(error.id), f"{error.score:.2f}", Text(error.label), given, Text(error.where, style="dim"))
    yield table
    if len(data.doubted) > _N_SHOWN:
        yield Text(f"and {len(data.doubted) - _N_SHOWN} more; --report lists them\n", style="dim")


def _verdict(data: Profile) -> Text:
    labels = f"{len(data.labels)} label{'s' if len(data.labels) != 1 else ''}"
    if not data.faults:
        return Text(f"usable: {_stories(data.n_stories)}, {labels}, no fault", style="bold green")
    n = len(data.faults)
    return Text(
        f"{n} fault{'s' if n > 1 else ''}: correct the files, or go on with --skip-bad and the "
        f"{_stories(data.n_stories)} and {labels} that remain",
        style="bold red",
    )


def _stories(n: int) -> str:
    return "1 story" if n == 1 else f"{n:,} stories"


def _files(files: Mapping[str, int]) -> str:
    return next(iter(files)) if len(files) == 1 else f"{len(files)} files"
