"""What the network says of a story, without torch: whoever finishes documents need not load it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class StoryScores:
    """The network's view of one story, float32: contributions [sentences, labels], logits [labels], sentences
    [sentences, 4], logits by SentenceScore, and the sentences' vectors [sentences, width]."""

    contributions: NDArray[np.float32]
    logits: NDArray[np.float32]
    sentences: NDArray[np.float32]
    vectors: NDArray[np.float32]
