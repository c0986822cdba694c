import random

from copydesk.model.page.runs import dense_runs, densest_run


def find_runs_by_definition(scores: list[float], start: int, end: int) -> list[tuple[int, int]]:
    """The densest run, then those before and after it."""
    first, last = densest_run(scores[start:end])
    if first == last:
        return []
    before = find_runs_by_definition(scores, start, start + first)
    return [*before, (start + first, start + last), *find_runs_by_definition(scores, start + last, end)]


def test_a_gap_that_costs_less_than_what_follows_is_bridged() -> None:
    assert dense_runs([2, -1, 3, -9, 4]) == [(0, 3), (4, 5)]
    assert dense_runs([]) == dense_runs([-1.0, 0.0]) == []


def test_runs_are_those_of_the_definition() -> None:
    draw = random.Random(1)
    for _ in range(500):
        scores = [float(draw.randint(-3, 3)) for _ in range(draw.randint(0, 30))]
        assert dense_runs(scores) == find_runs_by_definition(scores, 0, len(scores))


def test_thousands_of_runs_need_no_deep_stack() -> None:
    assert dense_runs([1.0, -2.0] * 20_000) == [(i, i + 1) for i in range(0, 40_000, 2)]
