"""A progress that remembers what it was told."""

from contextlib import AbstractContextManager, nullcontext

from copydesk.training.console import Progress, Update


class Heard(Progress):
    """Sentences; per task its steps done and in all; what else was told with them."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.steps: dict[str, list[tuple[int, int]]] = {}
        self.notes: list[str] = []

    def say(self, *texts: str) -> None:
        """Keep the sentences."""
        self.said += texts

    def task(self, name: str, unit: str) -> AbstractContextManager[Update]:
        """Keep the steps."""
        steps = self.steps.setdefault(name, [])

        def update(done: int, total: int, note: str) -> None:
            steps.append((done, total))
            self.notes.append(note)

        return nullcontext(update)
