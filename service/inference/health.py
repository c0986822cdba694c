"""Whether the device works: passes that failed in a row, and a pass that does not end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

_MAX_FAILURES = 3  # in a row; one or two may be the fault of a text


class Health:
    """Watches the passes of one thread; `fault` may be asked from any other."""

    def __init__(self, max_pass_s: float) -> None:
        self._max_pass_s = max_pass_s
        self._n_failures = 0
        self._started: float | None = None

    @contextmanager
    def watch(self, *, is_counted: bool = True) -> Iterator[None]:
        """Around each pass; where its failure says nothing of the model that serves, it is not counted."""
        self._started = time.monotonic()
        try:
            yield
        except Exception:
            self._n_failures += is_counted
            raise
        else:
            self._n_failures = 0 if is_counted else self._n_failures
        finally:
            self._started = None

    @property
    def fault(self) -> str | None:
        """What is wrong, if anything."""
        started = self._started
        if started is not None and time.monotonic() - started > self._max_pass_s:
            return f"a forward pass has been running for more than {self._max_pass_s:g} s"
        if self._n_failures >= _MAX_FAILURES:
            return f"the last {self._n_failures} forward passes failed"
        return None
