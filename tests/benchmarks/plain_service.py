"""What one writes in an afternoon: FastAPI around a transformers pipeline. A peer for http_load.py.

    PYTHONPATH=.:tests python -m benchmarks.plain_service MODEL_FOLDER PORT

MODEL_FOLDER holds a text-classification model, such as the classifier on the default encoder that
`make_classifier` writes there if it is empty. Texts are cut at 512 tokens, as the pipeline does.
"""

import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from model.encoder import DEFAULT_ENCODER, find_encoder

LABELS = ("trade", "security", "taiwan", "drugs")


class Inputs(BaseModel):
    """As text-embeddings-inference takes them."""

    inputs: str


def make_service(folder: Path) -> FastAPI:
    """The service with the model of this folder."""
    classify = pipeline("text-classification", str(folder), device="cpu", top_k=None, function_to_apply="sigmoid")
    app = FastAPI()

    @app.post("/predict")
    def predict(body: Inputs) -> Any:  # Any: what the pipeline gives
        return classify([body.inputs], truncation=True)[0]

    @app.get("/livez")
    def livez() -> str:
        return "ok"

    return app


def make_classifier(folder: Path) -> None:
    """An untrained classifier on the default encoder; for its speed it does not matter."""
    source = str(find_encoder(DEFAULT_ENCODER).path)
    names = dict(enumerate(LABELS))
    model = AutoModelForSequenceClassification.from_pretrained(
        source, num_labels=len(names), problem_type="multi_label_classification", id2label=names
    )
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    if not (place / "config.json").exists():
        make_classifier(place)
    uvicorn.run(make_service(place), port=int(sys.argv[2]), log_level="warning")
