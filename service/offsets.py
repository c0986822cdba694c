"""Offsets in the unit a client counts in: code points (Python), UTF-16 units (JavaScript, Java) or UTF-8 bytes."""

from collections.abc import Callable

import numpy as np

from copydesk.client.answers import Unit

Convert = Callable[[int], int]

_WIDTH_STEPS = {"utf16": (0x10000,), "utf8": (0x80, 0x800, 0x10000)}  # code points from which one more unit is needed


def offset_converter(text: str, unit: Unit) -> Convert:
    """A function from code-point offsets into `text` to offsets in the unit."""
    if unit == "codepoints":
        return lambda offset: offset
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    widths = np.ones(len(points), np.int64)
    for step in _WIDTH_STEPS[unit]:
        widths += points >= step
    ends = np.concatenate([[0], np.cumsum(widths)])
    return lambda offset: int(ends[offset])
