"""Anchors: the few superpixels that by themselves keep the prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs
import numpy as np
from attrs import validators
from numpy.random import Generator

from cbrkit_xai.errors import NotApplicableError, ParameterError
from cbrkit_xai.explaining.explanation import Explanation
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Classifier, Progress
from cbrkit_xai_explainers.anchor_fills import IN_TURN, base_rate, most_telling, tried_fills
from cbrkit_xai_explainers.anchor_precision import Precision, measured
from cbrkit_xai_explainers.anchor_sampler import AnchorFill, Budget, Sampler, until_spent
from cbrkit_xai_explainers.anchor_samples import Samples
from cbrkit_xai_explainers.beam_search import BeamSearch, Candidate, Demands
from cbrkit_xai_explainers.hiding import FILLS
from cbrkit_xai_explainers.superpixels import superpixels

_share: Any = validators.and_(validators.gt(0), validators.lt(1))


@attrs.frozen(kw_only=True)
class Anchors:
    """Finds a set of superpixels that keeps the prediction while the others come and go.

    The precision of such an anchor is the probability that the explained class stays on top while
    each superpixel outside it is hidden by the toss of a coin. The search takes the smallest
    anchor whose precision reaches the threshold (Ribeiro, Singh and Guestrin 2018).

    What hidden superpixels show decides what an anchor means. With their mean colour many
    classifiers keep their answer whatever is hidden; then the *empty* anchor already is precise,
    and any anchor "found" says nothing. So all fillings are tried first, the one that changes the
    answer most often is taken, and the empty anchor is tried before any other. If that one
    reaches the threshold, the explanation is *vacuous*: the mask is empty and the details say
    so. No superpixel is shown then, for none was needed. A filling under which the class never
    stays on top is passed over too: it tells no superpixel from another.

    The precision seen in a search is too high, being that of the luckiest of many. The one told
    comes from samples drawn after the choice, and so does its lower bound.

    Parameters
    ----------
    threshold : float
        The precision that is asked for.
    delta : float
        How probable it may be that a bound fails.
    epsilon : float
        By how much precision a better anchor of the same size may be overlooked.
    tolerance : float
        An anchor is taken once its precision is surely within this of the threshold.
    beam_size : int
        How many anchors of each size are made larger.
    max_anchor_size : int
        Most superpixels of an anchor.
    segments : int
        About how many superpixels the photo is split into.
    fill : {"auto", "mean", "black", "blur", "noise", "patches"}
        What hidden superpixels show: see `fill_image`; "patches" shows other photos. "auto" takes
        what changes the answer most often, see `most_telling`.
    photos : str, optional
        A folder of other photos for "patches", which "auto" then tries too.
    max_samples : int
        Most photos shown to the classifier.
    confirmation_samples : int
        Of these, how many are kept back to measure the chosen anchor afresh.
    """

    threshold: float = attrs.field(default=0.95, validator=_share)
    delta: float = attrs.field(default=0.01, validator=_share)
    epsilon: float = attrs.field(default=0.15, validator=_share)
    tolerance: float = attrs.field(default=0.03, validator=_share)
    beam_size: int = attrs.field(default=2, validator=validators.ge(1))
    max_anchor_size: int = attrs.field(default=12, validator=validators.ge(1))
    segments: int = attrs.field(default=40, validator=validators.ge(2))
    fill: Literal["auto", "mean", "black", "blur", "noise", "patches"] = attrs.field(
        default="auto", validator=validators.in_(("auto", *FILLS, "patches"))
    )
    photos: str | None = attrs.field(default=None, validator=validators.optional(validators.instance_of(str)))
    max_samples: int = attrs.field(default=1500, validator=validators.ge(64))
    confirmation_samples: int = attrs.field(default=200, validator=validators.ge(16))

    def __attrs_post_init__(self) -> None:
        if self.fill == "patches" and self.photos is None:
            raise ParameterError(
                "fill is 'patches', and no photos are named",
                where="anchors",
                allowed="photos = a folder of other photos",
            )

    def explain(
        self,
        image: Array,
        classifier: Classifier,
        target: int,
        rng: Generator,
        progress: Progress | None = None,
    ) -> Explanation:
        """Return the kept superpixels as a mask `(h, w)`, and what is known of them as details.

        There is no attribution: an anchor weighs nothing. Details: `precision` and `lower_bound`
        on fresh samples (`confirmed`; false if the classifier's budget ended before, where both
        come from the search, the bound being wide enough to allow for it), `search_precision`
        (optimistic), `coverage` (share of all photos with hidden parts that show the anchor:
        2^-size), `size`, `superpixels` (those kept), `superpixels_in_all`, `vacuous`,
        `threshold`, `threshold_reached` (by the precision), `threshold_proved` (by the lower
        bound), `delta`, `fill`, `base_rates` (precision of the empty anchor for each filling
        tried), and `samples` of each stage.

        Raises
        ------
        NotApplicableError
            The target is not the class on top, so that there is no prediction to keep; or the photo
            is too small for superpixels.
        BudgetSpentError
            The budget ended before the first samples.
        """
        labels = superpixels(image, segments=self.segments)
        total = self._most_samples(classifier)
        reserved = min(self.confirmation_samples, total // 3)
        budget = Budget(total=total, reserved=reserved, told=progress)
        _refuse_lesser_class(image, classifier, target)
        budget.spend(1)

        samplers = self._samplers(image, labels, classifier, target, rng, budget)
        tried, stopped = tried_fills(samplers)
        sampler, samples = most_telling(tried, self.threshold)
        base_rates = {one.how: round(base_rate(answers), 4) for one, answers in tried}
        after_trial = budget.spent

        search = BeamSearch(sampler, samples, self._demands)
        stopped = stopped or until_spent(search.run)
        best = search.best()
        after_search = budget.spent

        fresh = Samples(sampler.superpixels)
        budget.reserved = 0
        draws = np.tile(best.kept, (self.confirmation_samples, 1))
        stopped = stopped or until_spent(lambda: sampler.draw(draws, into=fresh))
        if search.ended_early and not stopped:
            stopped = f"{total} samples are spent before an anchor surely reached the threshold"
        details = self._told(best, fresh)
        details |= {
            "fill": sampler.how,
            "base_rates": base_rates,
            "samples": {
                "base_rates": after_trial - 1,
                "search": after_search - after_trial,
                "confirmation": budget.spent - after_search,
            },
        }
        return Explanation(mask=best.kept[labels], details=details, note=_note(details), stopped=stopped)

    def _most_samples(self, classifier: Classifier) -> int:
        """Return how many photos to plan for, so that what is kept back for the end is really there."""
        left: int | None = getattr(classifier, "left", None)
        return self.max_samples if left is None else min(self.max_samples, left)

    def precision_of(
        self,
        image: Array,
        classifier: Classifier,
        target: int,
        kept: Sequence[int],
        rng: Generator,
        samples: int = 200,
        *,
        fill: AnchorFill | None = None,
    ) -> Precision:
        """Measure the precision of an anchor on fresh samples.

        Parameters
        ----------
        image, classifier, target
            As for `explain`.
        kept : sequence of int
            The anchor: `superpixels` in the details of an explanation; empty for the empty anchor.
        rng : numpy.random.Generator
            Fresh: not in the state in which the anchor was searched with.
        samples : int
            How many photos to show to the classifier.
        fill : str, optional
            `fill` in the details; not needed where this explainer's own is not "auto".

        Raises
        ------
        ParameterError
            There is no such superpixel or filling.
        BudgetSpentError
            From the classifier.
        """
        how = fill or self.fill
        labels = superpixels(image, segments=self.segments)
        number = int(labels.max()) + 1
        if how not in (*FILLS, "patches"):
            raise ParameterError(f"unknown filling {how!r}", where="fill", allowed=", ".join(FILLS))
        if any(not 0 <= one < number for one in kept):
            raise ParameterError(f"kept is {list(kept)}", where="anchors", allowed=f"0 to {number - 1}")
        evolved = attrs.evolve(self, fill=how)
        budget = Budget(total=samples)
        (sampler,) = evolved._samplers(image, labels, classifier, target, rng, budget)
        found = Samples(number)
        sampler.draw(np.tile(np.isin(np.arange(number), kept), (samples, 1)), into=found)
        return measured(found, self.delta)

    @property
    def _demands(self) -> Demands:
        return Demands(
            threshold=self.threshold,
            delta=self.delta,
            epsilon=self.epsilon,
            tolerance=self.tolerance,
            beam_size=self.beam_size,
            max_size=self.max_anchor_size,
        )

    def _samplers(
        self,
        image: Array,
        labels: Array,
        classifier: Classifier,
        target: int,
        rng: Generator,
        budget: Budget,
    ) -> list[Sampler]:
        """Return one sampler for each filling to try."""
        from cbrkit_xai_explainers.other_photos import other_photos

        fills: tuple[Any, ...] = (self.fill,)
        if self.fill == "auto":
            fills = IN_TURN[1:] if self.photos is None else IN_TURN
        others = other_photos(self.photos, image) if self.photos and "patches" in fills else ()
        return [
            Sampler(
                image=image,
                labels=labels,
                classifier=classifier,
                target=target,
                how=how,
                rng=rng,
                budget=budget,
                others=others,
            )
            for how in fills
        ]

    def _told(self, best: Candidate, fresh: Samples) -> dict[str, Any]:
        confirmed = len(fresh) > 0
        known = measured(fresh, self.delta) if confirmed else best
        size = int(best.kept.sum())
        return {
            "precision": known.precision,
            "lower_bound": known.lower_bound,
            "confirmed": confirmed,
            "search_precision": best.precision,
            "coverage": 0.5**size,
            "size": size,
            "superpixels": [int(one) for one in np.flatnonzero(best.kept)],
            "superpixels_in_all": len(best.kept),
            "vacuous": size == 0,
            "threshold": self.threshold,
            "threshold_reached": confirmed and known.precision >= self.threshold,
            "threshold_proved": known.lower_bound >= self.threshold,
            "delta": self.delta,
        }


def _refuse_lesser_class(image: Array, classifier: Classifier, target: int) -> None:
    top = int(np.asarray(classifier.predict(image[None]))[0].argmax())
    if top != target:
        raise NotApplicableError(
            f"class {target} is not the one that the classifier puts on top of this photo ({top} is): "
            "there is no prediction that an anchor could keep",
            where="anchors",
            allowed="target = top1",
            next_step="explain the top class, or choose a method that explains any, such as lime",
        )


def _note(details: Mapping[str, Any]) -> str:
    found = f"precision {details['precision']:.2f}, at least {details['lower_bound']:.2f}"
    if not details["confirmed"]:
        found += " (not confirmed on fresh samples)"
    if details["vacuous"]:
        return f"vacuous: the answer stays whatever is hidden behind {details['fill']}; {found}"
    below = "" if details["threshold_reached"] else f", below the {details['threshold']:g} asked for"
    return f"{found}{below}; hidden behind {details['fill']}"
