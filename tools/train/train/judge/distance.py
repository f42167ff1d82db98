"""Distances between two sets of features."""

from __future__ import annotations

import numpy as np


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """
    The Fréchet distance of normal distributions fitted to features [n, d] and [m, d] (arXiv 1706.08500,
    equation 6).
    """
    first, second = first.astype(np.float64), second.astype(np.float64)
    shift = np.square(first.mean(0) - second.mean(0)).sum()
    a, b = np.cov(first.T), np.cov(second.T)
    values, vectors = np.linalg.eigh(a)
    root = vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T
    # tr √(ab) = tr √(√a b √a), whose argument is symmetric.
    shared = np.sqrt(np.clip(np.linalg.eigvalsh(root @ b @ root), 0, None)).sum()
    return float(shift + np.trace(a) + np.trace(b) - 2 * shared)


def kernel_distance(first: np.ndarray, second: np.ndarray) -> float:
    """
    The unbiased squared kernel distance of features [n, d] and [m, d] with (x·y/d + 1)³ (arXiv 1801.01401,
    section 4).
    """
    first, second = first.astype(np.float64), second.astype(np.float64)

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(x: np.ndarray) -> float:
        products = kernel(x, x)
        return (products.sum() - np.trace(products)) / (len(x) * (len(x) - 1))

    return float(within(first) + within(second) - 2 * kernel(first, second).mean())
