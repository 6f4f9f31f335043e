"""Organisations with one planted fault each."""

import attrs
import numpy as np
from mutants import planted

from cbrkit_xai.aggregators.mean import Mean
from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.features import count
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.clustered_index import prototype_index
from cbrkit_xai.organizers.clustering import Partition
from cbrkit_xai.organizers.linear import LinearIndex


class Linear:
    """Every case an entry; `index` is what a mutant makes of the index."""

    def organize(self, cases, metric, aggregator, progress=None):
        return self.index(LinearIndex(cases=cases, metric=metric))

    def index(self, sound):
        return sound


class Prototypes(Linear):
    """A prototype for the cases around each case that is far from those before it."""

    def organize(self, cases, metric, aggregator, progress=None):
        groups = Partition(labels=groups_around_leaders(cases, metric))
        return self.index(prototype_index(cases, metric, aggregator, groups))


def groups_around_leaders(cases, metric):
    distances = metric.pairwise(cases.features, cases.features)
    groups, leaders = np.full(len(cases), -1), []
    for row in np.argsort(cases.ids):
        near = [
            place for place, leader in enumerate(leaders) if distances[row, leader] <= distances.max() / 2
        ]
        groups[row] = near[0] if near else len(leaders)
        if not near:
            leaders.append(row)
    return groups


class Wrapped:
    """An index that answers as another does."""

    def __init__(self, sound, entries=None):
        self.sound = sound
        self.entries = sound.entries if entries is None else entries

    def nearest(self, queries, k, exclude=None):
        return self.sound.nearest(queries, k, exclude)

    def without(self, queries, k, exclude, hidden):
        """Ask the sound index as if the entries in places `hidden` were not there."""
        gone = [member for place in hidden for member in self.entries.members[place]]
        exclude = [()] * count(queries) if exclude is None else exclude
        return self.sound.nearest(queries, k, [[*held_out, *gone] for held_out in exclude])


def relabelled(index, **changes):
    """The index with other columns of its entries."""
    entries = attrs.evolve(index.entries, **changes)

    class Relabelled(Wrapped):
        def nearest(self, queries, k, exclude=None):
            found = self.sound.nearest(queries, k, exclude)
            as_they_were = found.votes[..., 0, :].size and np.array_equal(
                found.votes, found.entries.votes[found.positions], equal_nan=True
            )
            votes = entries.votes[found.positions] if as_they_were else found.votes
            return attrs.evolve(found, entries=entries, votes=votes)

    return Relabelled(index, entries)


@planted(
    "organizer", caught_by="organizes-clear-clusters", fault="finds nothing to organise in clear clusters"
)
class GivesUp(Linear):
    def organize(self, cases, metric, aggregator, progress=None):
        raise NotOrganizableError("no setting is feasible")


@planted(
    "organizer",
    caught_by="organizes-clear-clusters",
    fault="fails when asked for more than there are entries",
)
class FailsForLargeK(Linear):
    def index(self, sound):
        class Partitioned(Wrapped):
            def nearest(self, queries, k, exclude=None):
                np.argpartition(np.zeros(len(self.entries)), k - 1)
                return super().nearest(queries, k, exclude)

        return Partitioned(sound)


@planted(
    "organizer",
    caught_by="gives-the-same-index-again",
    fault="keeps half of the cases by chance, without a seed",
)
class KeepsSomeByChance(Linear):
    def organize(self, cases, metric, aggregator, progress=None):
        kept = np.random.default_rng().choice(len(cases), len(cases) // 2, replace=False)
        return LinearIndex(cases=cases.take(np.sort(kept)), metric=metric)


@planted(
    "organizer", caught_by="divides-the-cases-among-its-entries", fault="lets a case speak in two prototypes"
)
class MemberOfTwo(Prototypes):
    def index(self, sound):
        first, *others = sound.entries.members
        return relabelled(sound, members=[first, *((*members, first[0]) for members in others)])


@planted("organizer", caught_by="divides-the-cases-among-its-entries", fault="names members by their rows")
class MembersAreRows(Prototypes):
    def index(self, sound):
        rows = {name: str(row) for row, name in enumerate(sound.cases.ids)}
        return relabelled(
            sound, members=[[rows[one] for one in members] for members in sound.entries.members]
        )


@planted("organizer", caught_by="leaves-no-case-out", fault="forgets every second case")
class ForgetsEverySecond(Linear):
    def organize(self, cases, metric, aggregator, progress=None):
        return super().organize(cases.take(slice(None, None, 2)), metric, aggregator)


@planted("organizer", caught_by="leaves-no-case-out", fault="forgets the last case")
class ForgetsTheLast(Linear):
    def organize(self, cases, metric, aggregator, progress=None):
        return super().organize(cases.take(slice(None, -1)), metric, aggregator)


@planted(
    "organizer",
    caught_by="leaves-no-case-out",
    fault="declares that it keeps all cases, and takes the first one by id for noise",
    keeps="all",
)
class TakesTheFirstForNoise(Prototypes):
    def organize(self, cases, metric, aggregator, progress=None):
        groups = groups_around_leaders(cases, metric)
        groups[cases.ids.index(min(cases.ids))] = -1
        return prototype_index(cases, metric, aggregator, Partition(labels=groups))


@planted(
    "organizer",
    caught_by="aggregates-the-members-of-a-prototype",
    fault="averages the members by itself, whatever aggregator it is given",
)
class AlwaysTheMean(Prototypes):
    def organize(self, cases, metric, aggregator, progress=None):
        return super().organize(cases, metric, Mean())


@planted(
    "organizer",
    caught_by="keeps-single-cases-as-they-are",
    fault="rounds the features of cases to save memory",
)
class RoundsFeatures(Linear):
    def organize(self, cases, metric, aggregator, progress=None):
        features = cases.features
        if not isinstance(features, dict) and features.dtype.kind == "f":
            features = np.rint(features)
        return LinearIndex(cases=attrs.evolve(cases, features=features), metric=metric)


@planted(
    "organizer",
    caught_by="keeps-single-cases-as-they-are",
    fault="does not mark its prototypes as such",
)
class UnmarkedPrototypes(Prototypes):
    def index(self, sound):
        return relabelled(sound, is_prototype=np.zeros(len(sound.entries), dtype=bool))


@planted("organizer", caught_by="averages-the-votes-of-members", fault="adds up the members' votes")
class AddsUpVotes(Prototypes):
    def index(self, sound):
        sizes = np.array([len(members) for members in sound.entries.members])
        return relabelled(sound, votes=sound.entries.votes * sizes[:, None])


@planted("organizer", caught_by="averages-the-votes-of-members", fault="takes a vote that nobody gave for 0")
class CountsMissingVotes(Prototypes):
    def organize(self, cases, metric, aggregator, progress=None):
        return super().organize(attrs.evolve(cases, votes=np.nan_to_num(cases.votes)), metric, aggregator)


@planted("organizer", caught_by="sorts-by-distance-and-id", fault="leaves ties in the order of its rows")
class UnsortedTies(Linear):
    def index(self, sound):
        class ByRow(Wrapped):
            def nearest(self, queries, k, exclude=None):
                found = self.sound.nearest(queries, len(self.entries) + 1, exclude)
                # The last key counts first; what is absent is infinitely far.
                return reordered(found, np.lexsort((found.positions, found.distances))).first(k)

        return ByRow(sound)


def reordered(found, order):
    rows = np.arange(len(found))[:, None]
    columns = ("positions", "distances", "votes", "sizes")
    return attrs.evolve(found, **{name: getattr(found, name)[rows, order] for name in columns})


@planted(
    "organizer", caught_by="sorts-by-distance-and-id", fault="gives the k nearest in the order of their ids"
)
class SortedByName(Linear):
    def index(self, sound):
        class ByName(Wrapped):
            def nearest(self, queries, k, exclude=None):
                found = self.sound.nearest(queries, k, exclude)
                ranks = np.where(found.positions >= 0, self.entries.ranks[found.positions], len(self.entries))
                return reordered(found, np.argsort(ranks, axis=1))

        return ByName(sound)


@planted(
    "organizer", caught_by="gives-each-neighbour-once-at-its-distance", fault="gives half of each distance"
)
class HalfDistances(Linear):
    def index(self, sound):
        class Halved(Wrapped):
            def nearest(self, queries, k, exclude=None):
                found = self.sound.nearest(queries, k, exclude)
                return attrs.evolve(found, distances=found.distances / 2)

        return Halved(sound)


@planted(
    "organizer",
    caught_by="gives-each-neighbour-once-at-its-distance",
    fault="measures straight lines, whatever metric it is given",
)
class AlwaysStraightLines(Linear):
    def organize(self, cases, metric, aggregator, progress=None):
        return LinearIndex(cases=cases, metric=Euclidean())


@planted(
    "organizer",
    caught_by="gives-each-neighbour-once-at-its-distance",
    fault="gives distances of the embedded rows for those of the metric",
    needs_embedding=True,
)
class DistancesOfEmbeddedRows(Linear):
    def organize(self, cases, metric, aggregator, progress=None):
        class Embedded:
            def pairwise(self, queries, references):
                return Euclidean().pairwise(metric.embed(queries), metric.embed(references))

        return LinearIndex(cases=cases, metric=Embedded())


@planted(
    "organizer",
    caught_by="gives-fewer-as-the-first-of-more",
    fault="chooses the nearest by straight lines, and only then asks the metric",
)
class ChosenByStraightLines(Linear):
    def index(self, sound):
        straight = LinearIndex(cases=sound.cases, metric=Euclidean())

        class Chosen(Wrapped):
            def nearest(self, queries, k, exclude=None):
                near = straight.nearest(queries, k, exclude)
                others = [
                    [name for name in self.entries.ids if name not in near.ids(query)]
                    for query in range(len(near))
                ]
                return self.sound.nearest(queries, k, others)

        return Chosen(sound)


@planted(
    "organizer",
    caught_by="gives-each-neighbour-once-at-its-distance",
    fault="gives the nearest twice, as two overlapping trees would",
)
class NearestTwice(Linear):
    def index(self, sound):
        class Doubled(Wrapped):
            def nearest(self, queries, k, exclude=None):
                found = self.sound.nearest(queries, k, exclude)
                order = np.maximum(np.arange(found.positions.shape[1]) - 1, 0)
                return reordered(found, np.tile(order, (len(found), 1)))

        return Doubled(sound)


@planted(
    "organizer",
    caught_by="gives-each-neighbour-once-at-its-distance",
    fault="gives one neighbour more than it is asked for",
)
class OneTooMany(Linear):
    def index(self, sound):
        class OneMore(Wrapped):
            def nearest(self, queries, k, exclude=None):
                return self.sound.nearest(queries, k + 1, exclude)

        return OneMore(sound)


@planted(
    "organizer",
    caught_by="gives-fewer-as-the-first-of-more",
    fault="gives one neighbour fewer than it is asked for",
)
class OneTooFew(Linear):
    def index(self, sound):
        class OneLess(Wrapped):
            def nearest(self, queries, k, exclude=None):
                return self.sound.nearest(queries, max(1, k - 1), exclude)

        return OneLess(sound)


@planted(
    "organizer",
    caught_by="gives-fewer-as-the-first-of-more",
    fault="searches only the first 2 k entries",
    exact=False,
)
class SearchesAsFarAsAsked(Linear):
    def index(self, sound):
        class Narrow(Wrapped):
            def nearest(self, queries, k, exclude=None):
                return self.without(queries, k, exclude, range(2 * k, len(self.entries)))

        return Narrow(sound)


@planted(
    "organizer",
    caught_by="finds-what-a-search-through-all-finds",
    fault="declares that it is exact, and searches only half of its entries",
)
class SearchesOneHalf(Linear):
    def index(self, sound):
        class OneHalf(Wrapped):
            def nearest(self, queries, k, exclude=None):
                return self.without(queries, k, exclude, range(len(self.entries) // 2, len(self.entries)))

        return OneHalf(sound)


@planted(
    "organizer",
    caught_by="answers-a-batch-as-its-single-queries",
    fault="searches only what is near to the batch as a whole",
    exact=False,
)
class SearchesAroundTheBatch(Linear):
    def index(self, sound):
        class AroundTheBatch(Wrapped):
            def nearest(self, queries, k, exclude=None):
                far = self.sound.metric.pairwise(queries, self.entries.features).sum(axis=0)
                return self.without(queries, k, exclude, np.argsort(far, kind="stable")[len(far) // 2 :])

        return AroundTheBatch(sound)


@planted("organizer", caught_by="lets-no-excluded-case-speak", fault="pays no heed to what is excluded")
class ExcludesNobody(Linear):
    def index(self, sound):
        class Everybody(Wrapped):
            def nearest(self, queries, k, exclude=None):
                return self.sound.nearest(queries, k)

        return Everybody(sound)


@planted(
    "organizer",
    caught_by="lets-no-excluded-case-speak",
    fault="leaves the votes of an excluded member in its prototype",
)
class LeakingPrototype(Prototypes):
    def index(self, sound):
        class Leaking(Wrapped):
            def nearest(self, queries, k, exclude=None):
                found = self.sound.nearest(queries, k, exclude)
                present = found.positions[..., None] >= 0
                return attrs.evolve(
                    found, votes=np.where(present, self.entries.votes[found.positions], np.nan)
                )

        return Leaking(sound)


@planted(
    "organizer",
    caught_by="lets-no-excluded-case-speak",
    fault="counts an excluded member in the size of its prototype",
)
class CountsTheExcluded(Prototypes):
    def index(self, sound):
        class Counting(Wrapped):
            def nearest(self, queries, k, exclude=None):
                found = self.sound.nearest(queries, k, exclude)
                present = found.positions >= 0
                return attrs.evolve(found, sizes=np.where(present, self.entries.sizes[found.positions], 0))

        return Counting(sound)


@planted(
    "organizer",
    caught_by="lets-no-held-out-vote-leak",
    fault="drops a case whose nearest one voted otherwise, also where that one is held out",
    keeps="some",
)
class EditedByHeldOutVotes(Linear):
    def organize(self, cases, metric, aggregator, progress=None):
        nearest = LinearIndex(cases=cases, metric=metric).nearest(cases.features, 1, cases.held_out())
        votes, theirs = np.nan_to_num(cases.votes), np.nan_to_num(nearest.votes[:, 0])
        agrees = votes.argmax(axis=1) == theirs.argmax(axis=1)
        kept = np.flatnonzero(agrees) if agrees.sum() > 1 else np.arange(len(cases))
        return LinearIndex(cases=cases.take(kept), metric=metric)


@planted(
    "organizer",
    caught_by="grows-into-what-rebuilding-gives",
    fault="forgets the first case when one is added",
    incremental=True,
)
class AddedForgets(Linear):
    def index(self, sound):
        class Forgetful(Wrapped):
            def added(self, cases):
                return self.sound.removed(self.entries.ids[:1]).added(cases)

            def removed(self, ids):
                return self.sound.removed(ids)

        return Forgetful(sound)


@planted(
    "organizer",
    caught_by="grows-into-what-rebuilding-gives",
    fault="still finds what was removed",
    incremental=True,
)
class RemovedStays(Linear):
    def index(self, sound):
        class Sticky(Wrapped):
            def added(self, cases):
                return self.sound.added(cases)

            def removed(self, ids):
                return self

        return Sticky(sound)


@planted("organizer", caught_by="comes-back-as-it-was-kept", fault="loses the last case when it is restored")
class RestoredWithoutTheLast(Linear):
    def index(self, sound):
        class Kept(Wrapped):
            def state(self):
                return list(self.entries.ids)

        return Kept(sound)

    def restore(self, cases, metric, aggregator, state):
        rows = [cases.row_of[name] for name in state[:-1]]
        return self.index(LinearIndex(cases=cases.take(rows), metric=metric))


@planted(
    "organizer", caught_by="comes-back-as-it-was-kept", fault="keeps an array, of which JSON knows nothing"
)
class StateIsAnArray(Prototypes):
    def index(self, sound):
        class Kept(Wrapped):
            def state(self):
                return {"groups": self.sound.groups}

        return Kept(sound)

    def restore(self, cases, metric, aggregator, state):
        groups = Partition(labels=np.array(state["groups"]))
        return self.index(prototype_index(cases, metric, aggregator, groups))


@planted(
    "organizer",
    caught_by="takes-pixels-and-several-arrays",
    fault="takes for granted that the features are one table",
)
class TakesTablesAlone(Linear):
    def organize(self, cases, metric, aggregator, progress=None):
        order = np.argsort(cases.features.reshape(len(cases), -1).sum(axis=1))
        cases = cases.take(order)
        return super().organize(cases, metric, aggregator)
