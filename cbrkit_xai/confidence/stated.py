"""What a recommender may say about its confidence, as fitted on its case base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np
from numpy.typing import ArrayLike

from cbrkit_xai.confidence.conformal import in_set
from cbrkit_xai.confidence.mixture import Mixture
from cbrkit_xai.freezing import texts

Basis: TypeAlias = Literal["similar-cases", "overall"]


def _mixture(value: Mixture | Mapping[str, Any]) -> Mixture:
    return value if isinstance(value, Mixture) else Mixture(**value)


def _interval(value: Sequence[float] | None) -> tuple[float, float] | None:
    return None if value is None else (float(value[0]), float(value[1]))


def basis_of(skill_interval: tuple[float, float] | None) -> Basis:
    """Return "similar-cases" where the lower bound of the skill is above 0, otherwise "overall"."""
    return "similar-cases" if skill_interval is not None and skill_interval[0] > 0 else "overall"


@attrs.frozen(kw_only=True)
class Confidence:
    """All that a recommender needs to say how sure it is.

    Parameters
    ----------
    methods : tuple of str
        Names of the columns.
    mixture : Mixture
        Predicts from similar cases.
    overall_mixture : Mixture
        Predicts the base's shares for every photo (lambda is 0), with a concentration of its own; for
        photos out of experience it serves even where `basis` is "similar-cases".
    skill : float or None
        1 - MSE / MSE(base's shares) on held-out cases; None where there are too few to hold any out.
    skill_interval : (float, float) or None
        95 % interval of `skill`.
    cases : int
        Number of cases with votes to learn from.
    conformal_threshold : float or None
        Largest nonconformity inside the set; None where no set is stated.
    alpha : float
        Part of photos whose winner the set may miss.
    """

    methods: tuple[str, ...] = attrs.field(converter=texts)
    mixture: Mixture = attrs.field(converter=_mixture)
    overall_mixture: Mixture = attrs.field(converter=_mixture)
    skill: float | None
    skill_interval: tuple[float, float] | None = attrs.field(converter=_interval)
    cases: int
    conformal_threshold: float | None
    alpha: float = 0.1

    @property
    def basis(self) -> Basis:
        """Say whether similar cases are used: the lower bound of the skill is above 0."""
        return basis_of(self.skill_interval)

    @property
    def predictor(self) -> Mixture:
        """The mixture that `basis` asks for, and on which the set was calibrated."""
        return self.mixture if self.basis == "similar-cases" else self.overall_mixture

    @property
    def statement(self) -> str:
        """What may be said about the use of similarity in this base."""
        if self.skill is None or self.skill_interval is None:
            return f"too few cases with votes ({self.cases}) to tell whether similarity predicts votes"
        low, high = self.skill_interval
        # `z`: what rounds to zero is shown without a sign.
        figures = f"(skill {self.skill:z.3f}, 95 % interval {low:z.3f} to {high:z.3f})"
        if self.basis == "overall":
            return f"similarity does not predict votes better than the overall average in this base {figures}"
        return f"similar cases predict votes better than the overall average in this base {figures}"

    def prediction_set(self, p_best: ArrayLike) -> tuple[tuple[str, ...], ...] | None:
        """Return, per query, the methods of the set, likeliest first; None where no set is stated.

        Parameters
        ----------
        p_best : (q, m) array
            From `predictor.p_best`. The set promises nothing for another predictor, nor for a photo out
            of experience.

        Returns
        -------
        tuple of tuple of str, or None
            A set of all methods reads "can't tell".
        """
        if self.conformal_threshold is None:
            return None
        chances = np.atleast_2d(np.asarray(p_best, dtype=np.float64))
        inside = in_set(chances, self.conformal_threshold)
        likeliest_first = np.argsort(-chances, axis=1, kind="stable")
        return tuple(
            tuple(self.methods[method] for method in order if chosen[method])
            for order, chosen in zip(likeliest_first, inside, strict=True)
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        value = attrs.asdict(self)
        for part in (value, value["mixture"], value["overall_mixture"]):
            part.update({name: list(item) for name, item in part.items() if isinstance(item, tuple)})
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Confidence:
        """Return what `to_json` was called on."""
        return cls(**value)
