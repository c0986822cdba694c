"""Sentence boundaries against gold ones, beside sentencex alone: news (UD PUD) and the Golden Rules with more cases.

A boundary is where one sentence ends and the next begins, counted in characters that are no white space; the end of a
text is none. Texts whose gold sentences are not their own characters (markup taken out) are left out.
"""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate

import sentencex

from benchmarks.bench import Bench, Report, find_data, read_articles
from copydesk.model.page.sentences import split_sentences

GOLD = {"pud_news": 0.993, "pragmatic_english_spec": 0.775}  # F1 before copydesk had rules of its own

Splitter = Callable[[str], list[str]]


@dataclass(frozen=True)
class Score:
    """Of the boundaries of one data set: `n_exact` of `n` texts have all of them and no other."""

    precision: float
    recall: float
    n_exact: int
    n: int

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def split_ours(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


def split_alone(text: str) -> list[str]:
    """By sentencex, line by line as we do: it joins lines."""
    return [sentence for line in text.splitlines() for sentence in sentencex.segment("en", line)]


SPLITTERS: dict[str, Splitter] = {"copydesk": split_ours, "sentencex alone": split_alone}


def score(split: Splitter, rows: Iterable[tuple[str, list[str]]]) -> Score:
    """Precision and recall over all texts, each with its gold sentences."""
    n_right = n_found = n_wanted = n_exact = n = 0
    for text, sentences in rows:
        found, wanted = boundaries(split(text)), boundaries(sentences)
        n_right += len(found & wanted)
        n_found += len(found)
        n_wanted += len(wanted)
        n_exact += found == wanted
        n += 1
    return Score(n_right / n_found, n_right / n_wanted, n_exact, n)


def boundaries(sentences: Iterable[str]) -> set[int]:
    lengths = [length for sentence in sentences if (length := len(without_space(sentence)))]
    return set(accumulate(lengths[:-1]))


def read_gold(name: str) -> list[tuple[str, list[str]]]:
    """Texts with their sentences. Raises SkippedError where they are not."""
    lines = find_data(f"sentences-{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [(row["text"], row["sentences"]) for row in map(json.loads, lines)]
    return [(text, sentences) for text, sentences in rows if without_space(text) == without_space("".join(sentences))]


def without_space(text: str) -> str:
    return "".join(text.split())


def measure_ms(split: Callable[[str], object], texts: list[str]) -> float:
    """Processor time for a million characters, the best of five runs."""
    times = []
    for _ in range(5):
        started = time.thread_time()
        for text in texts:
            split(text)
        times.append(time.thread_time() - started)
    return 1e3 * min(times) / (sum(map(len, texts)) / 1e6)


def main(bench: Bench) -> Report:
    """A table per data set, and the cost."""
    report = Report()
    for name, at_least in GOLD.items():
        gold = read_gold(name)
        report.start_table(name, "precision", "recall", "F1", "exact", "texts")
        scores = {splitter: score(split, gold) for splitter, split in SPLITTERS.items()}
        for splitter, found in scores.items():
            shown = (f"{value:.4f}" for value in (found.precision, found.recall, found.f1))
            report.add_row(splitter, *shown, float(found.n_exact), float(found.n))
        report.add(f"{name}: F1", scores["copydesk"].f1, at_least=max(at_least, scores["sentencex alone"].f1))
    texts = [article["text"] for article in read_articles()]
    report.add("a million characters", measure_ms(split_sentences, texts), "ms")
    report.add("a million characters, sentencex", measure_ms(split_alone, texts), "ms")
    return report
