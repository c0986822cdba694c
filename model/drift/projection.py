"""Story vectors made short, and the features by which two sets of them are compared."""

from functools import lru_cache

import numpy as np

from copydesk.model.drift.columns import Floats

WIDTH = 64  # axes that a story's vector is projected to: its mean and covariance then have 16 KB
N_WAVES = 128
_BANDWIDTH = 0.8  # median distance of two of 3,500 news articles' vectors
_SEED = 13


def project(vectors: Floats) -> Floats:
    """Vectors on axes that are the same everywhere, for any width. [n, width] -> [n, 64]

    Source: Achlioptas 2003 (random signs keep distances). RandomState, because its numbers stay the same in every
    version of numpy.
    """
    projected: Floats = vectors @ _axes(vectors.shape[1])
    return projected


def make_waves(points: Floats) -> Floats:
    """Random Fourier features: the distance of two sets' means is the maximum mean discrepancy of a Gaussian kernel.

    [n, 64] -> [n, 256]. Source: Rahimi & Recht 2007; Gretton et al. 2012, eq. 3.
    """
    phases = points @ _frequencies()
    waves: Floats = np.hstack([np.cos(phases), np.sin(phases)]) / np.sqrt(N_WAVES)
    return waves


@lru_cache(4)
def _axes(width: int) -> Floats:
    signs = np.random.RandomState(_SEED).randint(2, size=(width, WIDTH))
    axes: Floats = (2.0 * signs - 1) / np.sqrt(WIDTH)
    return axes


@lru_cache(1)
def _frequencies() -> Floats:
    frequencies: Floats = np.random.RandomState(_SEED + 1).standard_normal((WIDTH, N_WAVES)) / _BANDWIDTH
    return frequencies
