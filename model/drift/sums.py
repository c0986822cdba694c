"""Sums over some texts: what is kept of a window, and of the texts that a model was measured on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copydesk.model.drift.columns import Floats, columns_of
from copydesk.model.drift.projection import N_WAVES, WIDTH, make_waves, project
from copydesk.model.files.json import JsonObject

_DIGITS = 7  # that are kept on disk


@dataclass(frozen=True)
class Sums:
    """Sums over `n` texts, for a model's labels; those of more texts are the sums of these.

    totals: [columns]; vector, outer: of the projected story vectors [64] and their products [64, 64]; waves: [256].
    """

    labels: tuple[str, ...]
    n: int
    totals: Floats
    vector: Floats
    outer: Floats
    waves: Floats

    def __add__(self, other: "Sums") -> "Sums":
        if self.labels != other.labels:
            raise ValueError("sums of models with different labels do not add up")
        parts = zip(self._parts(), other._parts(), strict=True)
        return Sums(self.labels, self.n + other.n, *(one + another for one, another in parts))

    def total(self, name: str) -> Floats:
        """The sums of the columns of this name."""
        return self.totals[columns_of(self.labels).places[name]]

    def mean(self, name: str) -> Floats:
        """The means of the columns of this name."""
        return self.total(name) / max(1, self.n)

    def to_json(self) -> JsonObject:
        """For a file; numbers are shortened."""
        return {
            "n": self.n,
            "totals": _shorten(self.totals),
            "vector": _shorten(self.vector),
            "outer": _shorten(self.outer[np.triu_indices(WIDTH)]),
            "waves": _shorten(self.waves),
        }

    def _parts(self) -> tuple[Floats, Floats, Floats, Floats]:
        return self.totals, self.vector, self.outer, self.waves


@dataclass(frozen=True)
class Texts:
    """What is counted of some texts: rows [texts, columns], projected story vectors [texts, 64] and their waves."""

    rows: Floats
    points: Floats
    waves: Floats

    @classmethod
    def of(cls, rows: Sequence[Floats], vectors: Sequence[Sequence[float]]) -> "Texts":
        """Of a row and a story's vector of each; at least one."""
        points = project(np.array(vectors, np.float64))
        return cls(np.array(rows), points, make_waves(points))


def sum_texts(labels: Sequence[str], texts: Texts, weights: Floats | None = None) -> Sums:
    """The sums over texts, each as often as `weights` says, or once."""
    weights = np.ones(len(texts.rows)) if weights is None else weights
    return Sums(
        tuple(labels),
        n=int(weights.sum()),
        totals=weights @ texts.rows,
        vector=weights @ texts.points,
        outer=(texts.points * weights[:, None]).T @ texts.points,
        waves=weights @ texts.waves,
    )


def sum_vectors(labels: Sequence[str], totals: Floats, vectors: Sequence[NDArray[np.float32]]) -> Sums:
    """The sums over texts whose rows come to these totals, and whose stories have these vectors."""
    points = project(np.array(vectors, np.float64))
    return Sums(
        tuple(labels), len(points), totals, points.sum(axis=0), points.T @ points, make_waves(points).sum(axis=0)
    )


def sums_from_json(labels: Sequence[str], content: JsonObject) -> Sums:
    """What `to_json` gave. Raises ValueError, KeyError or TypeError for anything else."""
    upper = np.zeros((WIDTH, WIDTH))
    upper[np.triu_indices(WIDTH)] = _read(content, "outer", WIDTH * (WIDTH + 1) // 2)
    return Sums(
        tuple(labels),
        int(content["n"]),
        _read(content, "totals", columns_of(tuple(labels)).n),
        _read(content, "vector", WIDTH),
        upper + np.triu(upper, 1).T,
        _read(content, "waves", 2 * N_WAVES),
    )


def _read(content: JsonObject, name: str, n: int) -> Floats:
    values = np.array(content[name], np.float64)
    if values.shape != (n,) or not np.isfinite(values).all():
        raise ValueError(f"{name}: expected {n} numbers")
    return values


def _shorten(values: Floats) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values.tolist()]
