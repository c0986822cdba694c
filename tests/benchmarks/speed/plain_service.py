"""What one writes in an afternoon: FastAPI around a transformers pipeline. A peer for http_load.py.

    python tests/benchmarks/speed/plain_service.py MODEL_FOLDER PORT [DEVICE]

MODEL_FOLDER holds a text-classification model. Texts are cut at 512 tokens, as the pipeline does.
"""

import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import pipeline


class Inputs(BaseModel):
    """As text-embeddings-inference takes them."""

    inputs: str


def make_service(folder: Path, device: str) -> FastAPI:
    """The service with the model of this folder."""
    classify = pipeline("text-classification", str(folder), device=device, top_k=None, function_to_apply="sigmoid")
    app = FastAPI()

    @app.post("/predict")
    def predict(body: Inputs) -> Any:  # Any: what the pipeline gives
        return classify([body.inputs], truncation=True)[0]

    @app.get("/livez")
    def livez() -> str:
        return "ok"

    return app


if __name__ == "__main__":
    service = make_service(Path(sys.argv[1]), sys.argv[3] if len(sys.argv) > 3 else "cpu")
    uvicorn.run(service, port=int(sys.argv[2]), log_level="warning")
