"""What one leaf gives to each feature on its path, for every way in which a row can agree with the path.

A leaf is reached when the row satisfies the condition of each of the d distinct features on its path. So the game that
the leaf plays has d players, and a row enters only by its pattern: bit i says whether it satisfies feature i's
condition. The 2^d patterns are tabled once for a leaf of value 1, by either of two answers to "what if the feature
were not known":

- path-dependent (Lundberg et al. 2020, TreeSHAP; LightGBM's pred_contrib): the row follows both branches in the shares
  of the training rows that took them. With z_j the share for feature j and o_j the pattern's bit,
  phi_i = (o_i - z_i) * sum over k of k! (d-1-k)! / d! * [y^k] prod over j != i of (z_j + o_j y).
- interventional: the feature's value is that of a background row. For one background row with pattern r, only features
  in A = p minus r (which the row brings) and B = r minus p (which the background brings) play:
  phi_i = (a-1)! b! / (a+b)! in A and -a! (b-1)! / (a+b)! in B, when p or r has every bit (Nadel & Wettenstein,
  WOODELF, 2025). The mean over the background needs only how often each r occurs, so a background of any size costs
  nothing after compiling.
"""

from functools import cache
from math import factorial

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def path_dependent(cover_share: Floats) -> Floats:
    """Weights (leaves, 2^d patterns, d features) of leaves with `cover_share` (leaves, d), by polynomials in y.

    `cover_share` is the product, over a feature's splits on the path, of the share of training rows that stay on it.
    """
    leaves, players = cover_share.shape
    holds = bits(players)
    weights = np.empty((leaves, 1 << players, players))
    for player in range(players):
        others = [other for other in range(players) if other != player]
        sizes = _subset_sizes(cover_share[:, others], holds[:, others])
        chance = np.array([factorial(size) * factorial(players - 1 - size) for size in range(players)])
        outcome = holds[None, :, player] - cover_share[:, None, player]
        weights[:, :, player] = outcome * (sizes @ (chance / factorial(players)))
    return weights


def _subset_sizes(absent: Floats, present: Floats) -> Floats:
    """Coefficients (leaves, patterns, players + 1) of prod (absent_j + present_j y): entry k sums all subsets of k."""
    product = np.zeros((len(absent), len(present), absent.shape[1] + 1))
    product[:, :, 0] = 1.0
    for player in range(absent.shape[1]):
        longer = product * absent[:, None, None, player]
        longer[:, :, 1:] += product[:, :, :-1] * present[None, :, None, player]
        product = longer
    return product


def interventional(background_share: Floats) -> Floats:
    """Weights (leaves, 2^d patterns, d features) from the share of background rows (leaves, 2^d) with each pattern."""
    players = background_share.shape[1].bit_length() - 1
    return np.asarray(np.einsum("ipr,lr->lpi", against_one(players), background_share))


@cache
def against_one(players: int) -> Floats:
    """(players, row patterns, background patterns): the Shapley value of each player against one background row."""
    patterns = 1 << players
    values = np.zeros((players, patterns, patterns))
    for row in range(patterns):
        for other in range(patterns):
            if (row | other) == patterns - 1:
                values[:, row, other] = _against(players, row & ~other, other & ~row)
    return values


def _against(players: int, brings: int, lacks: int) -> Floats:
    a, b = brings.bit_count(), lacks.bit_count()
    gain = factorial(a - 1) * factorial(b) / factorial(a + b) if a else 0.0
    loss = factorial(a) * factorial(b - 1) / factorial(a + b) if b else 0.0
    return np.array([gain * (brings >> player & 1) - loss * (lacks >> player & 1) for player in range(players)])


@cache
def bits(count: int) -> Floats:
    """(2^count, count): entry (p, i) is bit i of p."""
    return ((np.arange(1 << count)[:, None] >> np.arange(count)) & 1).astype(np.float64)
