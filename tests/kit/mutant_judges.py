"""Judges of explanations with one planted fault each."""

import numpy as np
from mutants import planted


def misjudges(*, caught_by, fault):
    """Plant a judge: its family has no default."""
    return planted("judge", caught_by=caught_by, fault=fault, family="planted")


def middle(explanation):
    """Share of an attribution's size in the middle of the photo, or of a mask's pixels."""
    shown = explanation.mask if explanation.attribution is None else np.abs(explanation.attribution)
    height, width = shown.shape
    inner = shown[height // 4 : -height // 4, width // 4 : -width // 4]
    return float(inner.sum()) / max(float(shown.sum()), 1e-12)


class Middle:
    def score(self, explanations, image, classifier, target):
        return np.array([middle(one) for one in explanations])


@misjudges(caught_by="gives-a-number-per-explanation", fault="gives a column")
class GivesAColumn(Middle):
    def score(self, explanations, image, classifier, target):
        return super().score(explanations, image, classifier, target)[:, None]


@misjudges(caught_by="gives-a-number-per-explanation", fault="gives the mean of its scores alone")
class GivesTheMean(Middle):
    def score(self, explanations, image, classifier, target):
        return super().score(explanations, image, classifier, target).mean()


@misjudges(caught_by="gives-a-number-per-explanation", fault="leaves masks out, where it should abstain")
class SkipsMasks(Middle):
    def score(self, explanations, image, classifier, target):
        maps = [one for one in explanations if one.attribution is not None]
        return super().score(maps, image, classifier, target)


@misjudges(caught_by="gives-a-number-per-explanation", fault="expects an attribution from everyone")
class CannotTakeMasks:
    def score(self, explanations, image, classifier, target):
        return np.array([one.attribution[16, 20] for one in explanations])


@misjudges(caught_by="gives-finite-numbers-or-abstains", fault="gives a mask minus infinity")
class InfinitelyBad:
    def score(self, explanations, image, classifier, target):
        return np.array([-np.inf if one.attribution is None else middle(one) for one in explanations])


@misjudges(caught_by="gives-finite-numbers-or-abstains", fault="divides by a spread of 0")
class AlwaysAbstains(Middle):
    def score(self, explanations, image, classifier, target):
        scores = super().score(explanations, image, classifier, target)
        return (scores - scores) / (scores - scores)


@misjudges(caught_by="writes-to-nothing", fault="normalises attributions in place")
class NormalisesInPlace(Middle):
    def score(self, explanations, image, classifier, target):
        for one in explanations:
            shown = one.mask if one.attribution is None else one.attribution
            np.divide(shown, shown.max(), out=shown, casting="unsafe")
        return super().score(explanations, image, classifier, target)


@misjudges(
    caught_by="writes-to-nothing", fault="blackens what the explanation leaves out in the photo itself"
)
class BlackensThePhoto(Middle):
    def score(self, explanations, image, classifier, target):
        image[:4] = 0
        return super().score(explanations, image, classifier, target)


@misjudges(caught_by="says-the-same-again", fault="adds noise without a seed")
class BreaksTiesAtRandom(Middle):
    def score(self, explanations, image, classifier, target):
        noise = np.random.default_rng().normal(scale=0.01, size=len(explanations))
        return super().score(explanations, image, classifier, target) + noise


@misjudges(caught_by="follows-the-order-of-explanations", fault="gives its scores sorted")
class SortsItsScores(Middle):
    def score(self, explanations, image, classifier, target):
        return np.sort(super().score(explanations, image, classifier, target))


@misjudges(caught_by="follows-the-order-of-explanations", fault="gives its scores last explanation first")
class LastExplanationFirst(Middle):
    def score(self, explanations, image, classifier, target):
        return super().score(explanations, image, classifier, target)[::-1]


@misjudges(caught_by="follows-the-order-of-explanations", fault="prefers whoever comes first")
class PrefersTheFirst(Middle):
    def score(self, explanations, image, classifier, target):
        return super().score(explanations, image, classifier, target) - np.arange(len(explanations))


@misjudges(caught_by="judges-each-by-itself", fault="counts how many of the others are worse")
class RanksThem(Middle):
    def score(self, explanations, image, classifier, target):
        scores = super().score(explanations, image, classifier, target)
        return (scores[:, None] > scores).sum(axis=1).astype(np.float64)


@misjudges(caught_by="judges-each-by-itself", fault="makes its scores sum to 1")
class SharesOfOne(Middle):
    def score(self, explanations, image, classifier, target):
        scores = super().score(explanations, image, classifier, target) + 0.1
        return scores / scores.sum()


@misjudges(caught_by="judges-each-by-itself", fault="measures how far each lies from their average")
class FarFromTheAverage(Middle):
    def score(self, explanations, image, classifier, target):
        scores = super().score(explanations, image, classifier, target)
        return -np.abs(scores - scores.mean())


@misjudges(caught_by="does-not-know-the-method", fault="gives lime an advantage")
class PrefersLime(Middle):
    def score(self, explanations, image, classifier, target):
        bonus = np.array([0.1 * (one.method == "lime") for one in explanations])
        return super().score(explanations, image, classifier, target) + bonus


@misjudges(caught_by="does-not-know-the-method", fault="takes off for seconds that an explainer took")
class PunishesSeconds(Middle):
    def score(self, explanations, image, classifier, target):
        seconds = np.array([one.seconds for one in explanations])
        return super().score(explanations, image, classifier, target) - 0.01 * seconds


@misjudges(caught_by="tells-some-explanations-apart", fault="judges the photo, not the explanation")
class JudgesThePhoto:
    def score(self, explanations, image, classifier, target):
        return np.full(len(explanations), classifier.predict(image[None])[0, target])


@misjudges(caught_by="tells-some-explanations-apart", fault="counts pixels, of which all have equally many")
class CountsPixels:
    def score(self, explanations, image, classifier, target):
        shown = (one.mask if one.attribution is None else one.attribution for one in explanations)
        return np.array([float(one.size) for one in shown])
