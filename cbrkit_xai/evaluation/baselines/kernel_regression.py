"""Least squares with a penalty in terms of a kernel, the penalty chosen by leaving groups out.

Ridge regression is this with the linear kernel. The kernel is diagonalised once; then every penalty's
leave-one-out errors follow from the leverages, without fitting anything again.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from cbrkit_xai.features import Array

PENALTIES = np.geomspace(1e-4, 1e5, 19)
"""In units of the kernel's mean eigenvalue; with the largest the prediction is all but the mean."""

_NO_KERNEL = 1e-12
_EQUALLY_GOOD = 1e-9  # relative: what rounding makes of equal errors


@attrs.frozen(kw_only=True, eq=False)
class Kernel:
    """Likeness of the training cases to each other, and to the held-out cases.

    Parameters
    ----------
    within : array of shape (n, n)
        Symmetric, positive semidefinite.
    across : array of shape (q, n)
    """

    within: Array
    across: Array


def regress(kernels: Sequence[Kernel], votes: Array, groups: Array) -> Array:
    """Return predicted votes of the held-out cases, `(q, methods)`.

    Every method has its own kernel and penalty: those with the least squared error when each group of
    training cases is left out; of equally good ones the larger penalty. A prediction below 0 votes, which
    nobody can cast, becomes 0: it is nearer to whatever was cast.

    Parameters
    ----------
    kernels : sequence of Kernel
        To choose from.
    votes : array of shape (n, methods)
        Of the training cases. A method learns from the cases that were asked about it; NaN is predicted
        where none was.
    groups : array of shape (n,)
        Cases of one group are left out together.

    References
    ----------
    Saunders, Gammerman & Vovk, ICML 1998, 515-521. Leaving groups out: Hastie, Tibshirani & Friedman,
    *The Elements of Statistical Learning*, 2009, section 7.10, by blocks.
    """
    predicted = np.full((len(kernels[0].across), votes.shape[1]), np.nan)
    asked = ~np.isnan(votes)
    # Methods that the same cases were asked about share the work.
    patterns, pattern = np.unique(asked, axis=1, return_inverse=True)
    for place, rows in enumerate(patterns.T):
        methods = np.flatnonzero(pattern.reshape(-1) == place)
        if rows.any():
            fits = [
                _fit(_of_rows(kernel, rows), votes[np.ix_(rows, methods)], groups[rows]) for kernel in kernels
            ]
            errors = np.array([fit[0] for fit in fits])  # (kernels, methods)
            values = np.array([fit[1] for fit in fits])  # (kernels, q, methods)
            best = np.argmin(errors, axis=0)
            predicted[:, methods] = values[best, :, np.arange(len(methods))].T
    return np.maximum(predicted, 0.0)


def _of_rows(kernel: Kernel, rows: Array) -> Kernel:
    return Kernel(within=kernel.within[np.ix_(rows, rows)], across=kernel.across[:, rows])


def _fit(kernel: Kernel, votes: Array, groups: Array) -> tuple[Array, Array]:
    """Return each method's least leave-out error, `(methods,)`, and its predictions, `(q, methods)`."""
    n = len(votes)
    mean = votes.mean(axis=0)
    # Centred, so that the intercept goes without a penalty.
    by_column = kernel.within.mean(axis=0)
    within = kernel.within - by_column - by_column[:, None] + by_column.mean()
    across = kernel.across - by_column - kernel.across.mean(axis=1, keepdims=True) + by_column.mean()
    scale = float(np.trace(within)) / n
    if n < 2 or scale <= _NO_KERNEL * float(np.abs(kernel.within).max()):
        return ((votes - mean) ** 2).sum(axis=0), np.tile(mean, (len(across), 1))
    values, vectors = np.linalg.eigh(within)
    values = np.maximum(values, 0.0)
    shrunk = values / (values + PENALTIES[:, None] * scale)  # (penalties, n)
    residuals = _left_out(vectors, shrunk, votes - mean, groups)  # (penalties, n, methods)
    errors = (residuals**2).sum(axis=1)
    good = errors <= errors.min(axis=0) * (1 + _EQUALLY_GOOD)
    penalty = len(PENALTIES) - 1 - np.argmax(good[::-1], axis=0)  # (methods,)
    inverse = 1 / (values[:, None] + PENALTIES[penalty] * scale)  # (n, methods)
    dual = vectors @ (inverse * (vectors.T @ (votes - mean)))
    return errors[penalty, np.arange(len(penalty))], mean + across @ dual


def _left_out(vectors: Array, shrunk: Array, centred: Array, groups: Array) -> Array:
    """Residuals of each case in the fit without its group, `(penalties, n, methods)`."""
    n = len(vectors)
    turned = vectors.T @ centred  # (n, methods)
    residuals = centred - np.einsum("ij,pjm->pim", vectors, shrunk[:, :, None] * turned, optimize=True)
    leverages = 1 / n + shrunk @ (vectors**2).T  # (penalties, n)
    # A leverage of 1 is a case that the fit goes through whatever it says; it has no error to judge by.
    found: Array = residuals / np.maximum(1 - leverages, 1e-9)[:, :, None]
    _, group, size = np.unique(groups, return_inverse=True, return_counts=True)
    for several in np.flatnonzero(size > 1):
        rows = np.flatnonzero(group.reshape(-1) == several)
        hat = 1 / n + np.einsum("ij,pj,kj->pik", vectors[rows], shrunk, vectors[rows], optimize=True)
        # Where the group is all there is nothing is left to fit.
        found[:, rows] = np.linalg.solve(np.eye(len(rows)) * (1 + 1e-9) - hat, residuals[:, rows])
    return found
