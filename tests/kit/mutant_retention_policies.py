"""Judgements of whether a case is kept, with one planted fault each."""

import itertools

import attrs
import numpy as np
from mutants import planted

from cbrkit_xai.retaining import Verdict


def has_neighbours(neighbours):
    return neighbours.positions.size > 0 and neighbours.positions[0, 0] >= 0


def verdict(keeps, reason="so it is judged"):
    return Verdict(keeps=bool(keeps), reason=reason)


@planted(
    "retention-policy", caught_by="writes-to-nothing", fault="puts 0 in place of NaN in the neighbours' votes"
)
class FillsInPlace:
    def keeps(self, case, neighbours):
        neighbours.votes[np.isnan(neighbours.votes)] = 0.0
        return verdict(neighbours.votes.sum() > 3)


@planted("retention-policy", caught_by="gives-a-verdict-with-a-reason", fault="gives no reason")
class WithoutReason:
    def keeps(self, case, neighbours):
        return verdict(True, reason=" ")


@planted("retention-policy", caught_by="gives-a-verdict-with-a-reason", fault="gives a reason of two lines")
class ReasonOfTwoLines:
    def keeps(self, case, neighbours):
        return verdict(True, reason="it is kept\nfor its votes")


@planted(
    "retention-policy", caught_by="gives-a-verdict-with-a-reason", fault="says True instead of a verdict"
)
class PlainTrue:
    def keeps(self, case, neighbours):
        return True


@planted(
    "retention-policy", caught_by="gives-a-verdict-with-a-reason", fault="judges each neighbour, not the case"
)
class VerdictPerNeighbour:
    def keeps(self, case, neighbours):
        return Verdict(keeps=neighbours.distances > 1, reason="far from some")


@planted(
    "retention-policy",
    caught_by="says-the-same-again",
    fault="keeps every second case that it is asked about",
)
class EverySecond:
    def __init__(self):
        self.asked = itertools.count()

    def keeps(self, case, neighbours):
        return verdict(next(self.asked) % 2)


@planted("retention-policy", caught_by="says-the-same-again", fault="gives a number by chance in its reason")
class ReasonByChance:
    def keeps(self, case, neighbours):
        return verdict(True, reason=f"a draw of {np.random.default_rng().random()}")


@planted(
    "retention-policy",
    caught_by="judges-the-first-case-of-a-base",
    fault="looks at the nearest where there is none",
)
class NeedsANeighbour:
    def keeps(self, case, neighbours):
        return verdict(neighbours.distances[0, 0] > 1)


@planted(
    "retention-policy",
    caught_by="judges-the-first-case-of-a-base",
    fault="says nothing where the base is empty",
)
class SilentWhereEmpty:
    def keeps(self, case, neighbours):
        return verdict(neighbours.distances[0, 0] > 1) if has_neighbours(neighbours) else None


@planted(
    "retention-policy", caught_by="judges-by-content", fault="keeps a case by the first letter of its id"
)
class ByName:
    def keeps(self, case, neighbours):
        return verdict(case.id < "n")


@planted("retention-policy", caught_by="judges-by-content", fault="keeps only what was a file in JPEG")
class ByFileName:
    def keeps(self, case, neighbours):
        return verdict((case.image_name or "").endswith(".jpg"))


@planted(
    "retention-policy",
    caught_by="does-not-mind-the-order-of-ties",
    fault="compares with the first neighbour alone, also where others are as near",
    keeps_first=False,
    keeps_far=False,
)
class AsksTheFirst:
    def keeps(self, case, neighbours):
        return verdict(has_neighbours(neighbours) and np.nansum(neighbours.votes[0, 0]) > 5)


@planted("retention-policy", caught_by="keeps-the-first-case", fault="keeps nothing, ever", keeps_far=False)
class Never:
    def keeps(self, case, neighbours):
        return verdict(False)


@planted(
    "retention-policy",
    caught_by="keeps-the-first-case",
    fault="waits for three neighbours, so that nothing is ever kept in a base that begins empty",
)
class WaitsForNeighbours:
    def keeps(self, case, neighbours):
        found = has_neighbours(neighbours)
        return verdict(found and neighbours.k_eff[0] >= 3 and neighbours.distances[0, 0] > 1)


@planted(
    "retention-policy",
    caught_by="keeps-what-is-far",
    fault="keeps what is near, having turned the comparison round",
)
class KeepsWhatIsNear:
    def keeps(self, case, neighbours):
        return verdict(not has_neighbours(neighbours) or neighbours.distances[0, 0] < 1)


@planted(
    "retention-policy",
    caught_by="keeps-what-is-far",
    fault="keeps the first case alone",
)
class KeepsTheFirstAlone:
    def keeps(self, case, neighbours):
        return verdict(not has_neighbours(neighbours))


@attrs.frozen(kw_only=True)
class Far:
    """Keeps what is farther than what it has learnt."""

    bound: object = 1.0

    def limit(self):
        return self.bound

    def keeps(self, case, neighbours):
        return verdict(not has_neighbours(neighbours) or neighbours.distances[0, 0] > self.limit())


@planted(
    "retention-policy",
    caught_by="learns-from-a-base-of-one-case",
    fault="learns the median distance of nearest others, also where there are none",
)
class NeedsOthersToLearn(Far):
    def fitted(self, cases, neighbours=None):
        return type(self)(bound=float(np.median(neighbours.distances[:, 0])))


@planted(
    "retention-policy",
    caught_by="comes-back-as-it-was-kept",
    fault="learns an array, of which JSON knows nothing",
)
class LearnsAnArray(Far):
    def fitted(self, cases, neighbours=None):
        return type(self)(bound=np.float64(len(cases)) * np.ones(1))

    def limit(self):
        return float(np.ravel(self.bound)[0])


@planted(
    "retention-policy",
    caught_by="comes-back-as-it-was-kept",
    fault="keeps what it has learnt beside its fields",
)
class LearnsBesideItsFields(Far):
    def fitted(self, cases, neighbours=None):
        learnt = type(self)()
        learnt.__dict__["learnt"] = 1e9
        return learnt

    def limit(self):
        return self.__dict__.get("learnt", 0.0)
