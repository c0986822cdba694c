"""An untrained classifier on an encoder, for servers that only give labels; for their speed its answers do not matter.

    python tests/benchmarks/speed/classifier.py ENCODER_FOLDER FOLDER

Needs nothing but transformers, so that each server's own environment can make it.
"""

import sys
from pathlib import Path

from transformers import AutoModelForSequenceClassification, AutoTokenizer

LABELS = ("trade", "security", "taiwan", "drugs")


def make_classifier(encoder: Path, folder: Path) -> None:
    """Write it to the folder, tokenizer included."""
    model = AutoModelForSequenceClassification.from_pretrained(
        str(encoder), problem_type="multi_label_classification", id2label=dict(enumerate(LABELS))
    )
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(str(encoder)).save_pretrained(folder)


if __name__ == "__main__":
    make_classifier(Path(sys.argv[1]), Path(sys.argv[2]))
