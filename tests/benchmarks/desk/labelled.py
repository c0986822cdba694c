"""Labelled stories as vectors, for simulations in which people's answers are known."""

import gzip
import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks.bench import Bench, find_data
from copydesk.model.analysis import Analysis, Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.bundles.weights import save_bundle
from copydesk.model.files.json import JsonObject
from copydesk.model.network.encoder.encoder import load_encoder
from copydesk.model.network.encoder.files import DEFAULT_ENCODER, find_encoder
from copydesk.model.network.heads import Network
from copydesk.model.network.sizes import HeadConfig
from copydesk.model.output.tags import LabelRule

OURS = ("trade", "security", "taiwan", "drugs")
_FILES = {"reuters": ("reuters21578-train.jsonl.gz",), "ours": ("topics-train.jsonl.gz", "topics-train-2.jsonl.gz")}
_MAX_CHARACTERS = 1_500  # of a text: leads tell the topic, and encoding takes a third of the time
_MIN_STORIES = 60  # of a label of Reuters; the test must hold some of them
_TEST_SHARE = 0.3

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class LabelledSet:
    """Stories of which everything is known.

    vectors: float32 [stories, width]; targets: int8 [stories, labels], -1 where nobody was sure; texts: title and text.
    """

    name: str
    labels: tuple[str, ...]
    vectors: Floats
    targets: NDArray[np.int8]
    texts: tuple[str, ...]

    def split(self, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Indices of stories to judge, and of those to measure on."""
        order = np.random.default_rng(seed).permutation(len(self.vectors))
        n_test = int(_TEST_SHARE * len(order))
        return order[n_test:], order[:n_test]


def load_set(name: str, bench: Bench) -> LabelledSet:
    """The stories of Reuters, or ours, as the plain encoder reads them, which has learned none of these topics.

    Raises SkippedError where they are not here.
    """
    rows: list[JsonObject] = []
    for file in _FILES[name]:
        with gzip.open(find_data(file), "rt", encoding="utf-8") as lines:
            rows += map(json.loads, lines)
    order = np.random.default_rng(0).permutation(len(rows))[: bench.pick(6_000 if name == "reuters" else 2_400, 200)]
    rows = [rows[i] for i in order]
    counts = {label: sum(label in row["labels"] for row in rows) for row in rows for label in row["labels"]}
    common = sorted(label for label, n in counts.items() if n >= bench.pick(_MIN_STORIES, 10))
    labels = OURS if name == "ours" else tuple(common)
    targets = [[_target(row, label) for label in labels] for row in rows]
    texts = tuple(f"{row.get('title') or ''}\n{row['text'][:_MAX_CHARACTERS]}" for row in rows)
    vectors = _read_vectors(name, texts, bench)
    return LabelledSet(name, labels, vectors, np.array(targets, np.int8), texts)


def fit(vectors: Floats, targets: NDArray[np.int8]) -> LogisticRegression | None:
    """What a label learns from judged stories; nothing where all answers are alike."""
    known = targets >= 0
    if len(set(targets[known].tolist())) < 2:
        return None
    return LogisticRegression(C=10, class_weight="balanced", max_iter=300).fit(6 * vectors[known], targets[known])


def margins_of(model: LogisticRegression | None, vectors: Floats) -> Floats:
    """Logits, float32 [stories]; without a model nothing carries the label."""
    if model is None:
        return np.full(len(vectors), -9, np.float32)
    return np.asarray(model.decision_function(6 * vectors), np.float32)


def best_threshold(targets: NDArray[np.int8], logits: Floats) -> float:
    """The logit from which a label is given, for the best F1 on these stories."""
    order = np.argsort(-logits)
    hits = np.cumsum(targets[order] == 1)
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + max(1, (targets == 1).sum()))
    at = int(f1.argmax())
    following = logits[order[at + 1]] if at + 1 < len(order) else logits[order[at]] - 1
    return float((logits[order[at]] + following) / 2)


def f1_of(targets: NDArray[np.int8], given: NDArray[np.bool_]) -> float:
    """F1 on the stories whose label is known."""
    known = targets >= 0
    both = ((targets == 1) & given & known).sum()
    scale = (targets[known] == 1).sum() + given[known].sum()
    return float(2 * both / scale) if scale else 0.0


def _target(row: JsonObject, label: str) -> int:
    return -1 if label in row.get("unsure", ()) else int(label in row["labels"])


def _read_vectors(name: str, texts: Sequence[str], bench: Bench) -> Floats:
    key = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
    path = bench.folder / f"vectors-{name}-{key}.npy"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, encode(texts))
    vectors: Floats = np.load(path)
    return vectors


def encode(texts: Sequence[str]) -> Floats:
    """The texts as the plain encoder reads them, float32 [texts, width], each of length 1."""
    with tempfile.TemporaryDirectory() as folder:
        _make_plain_bundle(Path(folder))
        analyzer = Analyzer.load(folder)
        results = analyzer.analyze_many((Document(text) for text in texts), Options("whole"))
        vectors = [result.story.vector if isinstance(result, Analysis) else () for result in results]
    width = max(map(len, vectors))
    return np.array([vector or (0.0,) * width for vector in vectors], np.float32)


def _make_plain_bundle(folder: Path) -> None:
    """The encoder as it was published, under heads that have learned nothing."""
    files = find_encoder(DEFAULT_ENCODER)
    torch.manual_seed(0)
    network = Network(load_encoder(files), 1, HeadConfig())
    weights = {name: tensor for name, tensor in network.state_dict().items() if not name.startswith("encoder.")}
    bundle = Bundle(
        name="plain",
        rules=(LabelRule("none"),),
        encoder=files.name,
        encoder_revision=None,
        encoder_sha256=files.sha256,
        max_tokens=256,
        heads=HeadConfig(),
        adapter_scale=1.0,
    )
    save_bundle(folder, bundle, weights, "# plain\n")
