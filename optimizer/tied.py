"""Lighting groups whose levels more than the price of power decides."""

from __future__ import annotations

import numpy as np

from optimizer.problem import Problem
from optimizer.profile import BoolArray


def tied_groups(problem: Problem) -> BoolArray:
    """Groups with neighbours, or with dimmers that need integers, shape (groups,)."""
    paired = {group for pair in problem.neighbours for group in (pair.a, pair.b)}
    return np.array([group.id in paired or group.needs_integers for group in problem.lighting], dtype=bool)
