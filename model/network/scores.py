"""What the network says of a story, without torch: whoever finishes documents need not load it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class StoryScores:
    """The network's view of one story: float32 contributions [sentences, labels], logits [labels], salience
    [sentences]."""

    contributions: NDArray[np.float32]
    logits: NDArray[np.float32]
    salience: NDArray[np.float32]
