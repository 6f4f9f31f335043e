"""Distances with one planted fault each."""

import numpy as np
from mutants import planted

from cbrkit_xai.errors import ParameterError


def differences(queries, references):
    """All differences `(q, n, d)`."""
    queries, references = np.asarray(queries, np.float64), np.asarray(references, np.float64)
    return queries[:, None] - references[None]


def straight(queries, references):
    """Straight-line distances `(q, n)`."""
    return np.sqrt((differences(queries, references) ** 2).sum(axis=-1))


def units(rows):
    """Rows of length 1; a zero row stays what it is."""
    rows = np.asarray(rows, np.float64)
    lengths = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    return rows / np.where(lengths > 0, lengths, 1.0)


class Straight:
    def pairwise(self, queries, references):
        return straight(queries, references)


@planted("metric", caught_by="is-symmetric", fault="adds up only what the query has more of")
class Asymmetric:
    def pairwise(self, queries, references):
        return np.maximum(differences(queries, references), 0.0).sum(axis=-1)


@planted(
    "metric",
    caught_by="takes-float-prototypes",
    fault="squares differences of bytes, which wraps around evenly both ways",
    accepts="pixels",
)
class SquaresOfBytes:
    def pairwise(self, queries, references):
        return np.stack([((one - references) ** 2).mean(axis=(1, 2, 3)) for one in queries])


@planted(
    "metric",
    caught_by="takes-float-prototypes",
    fault="converts the references, which may be averages, to the queries' bytes",
)
class PrototypesCastToBytes:
    def pairwise(self, queries, references):
        difference = queries[:, None] - references.astype(queries.dtype)[None]
        return np.abs(difference).astype(np.float64).sum(axis=-1)


@planted("metric", caught_by="is-finite-and-not-negative", fault="gives the negative of a similarity")
class NegativeSimilarity:
    def pairwise(self, queries, references):
        return -np.einsum("qd,nd->qn", units(queries), units(references))


@planted(
    "metric",
    caught_by="is-finite-and-not-negative",
    fault="divides by the length of a vector that may be zero",
    zero_vector="one",
)
class NotANumberForZeroVectors:
    def pairwise(self, queries, references):
        queries, references = np.asarray(queries, np.float64), np.asarray(references, np.float64)
        lengths = np.outer(np.linalg.norm(queries, axis=1), np.linalg.norm(references, axis=1))
        return np.maximum(1 - np.einsum("qd,nd->qn", queries, references) / lengths, 0.0)


@planted(
    "metric", caught_by="is-finite-and-not-negative", fault="computes in half precision: 1e12 is infinite"
)
class HalfPrecision:
    def pairwise(self, queries, references):
        return np.abs(np.float16(queries)[:, None] - np.float16(references)[None]).sum(axis=-1)


@planted("metric", caught_by="writes-to-nothing", fault="normalises its input in place")
class NormalisesInPlace:
    def pairwise(self, queries, references):
        for rows in (queries, references):
            rows /= np.maximum(np.abs(rows).sum(axis=1, keepdims=True), 1.0)
        return straight(queries, references)


@planted("metric", caught_by="writes-to-nothing", fault="lifts the lock of its input and sorts it in place")
class SortsBehindTheLock:
    def pairwise(self, queries, references):
        for rows in (queries, references):
            if rows.base is not None:
                rows.base.sort(axis=1)
        return straight(queries, references)


@planted(
    "metric",
    caught_by="answers-a-batch-as-its-single-queries",
    fault="divides by the largest distance of the batch",
)
class ScaledByItsBatch:
    def pairwise(self, queries, references):
        found = straight(queries, references)
        return found / (found.max(initial=0.0) or 1.0)


@planted(
    "metric",
    caught_by="follows-the-order-of-references",
    fault="measures everything by the length of the first reference",
)
class ScaledByTheFirstReference:
    def pairwise(self, queries, references):
        return straight(queries, references) / (1.0 + np.abs(np.asarray(references, np.float64)[0]).sum())


@planted(
    "metric", caught_by="is-nothing-from-a-row-to-itself", fault="adds 1e-3 so as never to divide by zero"
)
class NeverZero:
    def pairwise(self, queries, references):
        return straight(queries, references) + 1e-3


@planted(
    "metric",
    caught_by="is-nothing-from-a-row-to-itself",
    fault="computes 1 - cos by subtraction and cuts at 0, so that some d(x, x) is 1e-16",
)
class RoundedCosine:
    def pairwise(self, queries, references):
        return np.clip(1.0 - (units(queries)[:, None] * units(references)[None]).sum(axis=-1), 0.0, 2.0) * (
            np.asarray(queries).any(axis=1)[:, None] | np.asarray(references).any(axis=1)[None]
        )


@planted(
    "metric", caught_by="prepares-what-it-measures", fault="forgets the square root in its prepared path"
)
class PreparedOtherwise(Straight):
    def prepare(self, references):
        kept = np.array(references)
        return lambda queries: straight(queries, kept) ** 2


@planted(
    "metric",
    caught_by="prepares-what-it-measures",
    fault="gives its first answer again, whatever it is asked",
)
class PreparedForOneAnswer(Straight):
    def prepare(self, references):
        answers = []

        def answer(queries):
            answers.append(straight(queries, references))
            return answers[0]

        return answer


@planted(
    "metric",
    caught_by="prepares-what-it-measures",
    fault="measures the references among themselves beforehand, as if they would be the queries",
)
class PreparedForItsReferences(Straight):
    def prepare(self, references):
        own = straight(references, references)
        return lambda queries: own[: len(queries)]


@planted(
    "metric",
    caught_by="prepares-what-it-measures",
    fault="doubles what it has kept of the references with every answer",
)
class PreparedWearsOut(Straight):
    def prepare(self, references):
        kept = np.array(references, np.float64)

        def answer(queries):
            found = straight(queries, kept)
            np.multiply(kept, 2.0, out=kept)
            return found

        return answer


@planted(
    "metric",
    caught_by="prepares-float-prototypes",
    fault="converts the prepared averages to the queries' bytes",
)
class PreparedInBytes(Straight):
    def prepare(self, references):
        kept = np.array(references)
        return lambda queries: straight(queries, kept.astype(queries.dtype))


@planted(
    "metric",
    caught_by="prepares-a-large-table",
    fault="keeps a hundred references prepared, and repeats them in the place of others",
)
class PreparedUpToAHundred(Straight):
    def prepare(self, references):
        places = np.arange(len(references)) % 100
        return lambda queries: straight(queries, np.asarray(references)[places])


@planted(
    "metric",
    caught_by="embeds-each-row-by-itself",
    fault="embeds the rows around the mean of those that come together",
)
class EmbedsAroundTheMean(Straight):
    def embed(self, features):
        rows = np.asarray(features, np.float64)
        return rows - rows.mean(axis=0)


@planted(
    "metric",
    caught_by="embeds-each-row-by-itself",
    fault="embeds at the scale of the largest number that comes along",
)
class EmbedsAtTheScaleOfItsBatch(Straight):
    def embed(self, features):
        rows = np.asarray(features, np.float64)
        return rows / (np.abs(rows).max(initial=0.0) or 1.0)


@planted(
    "metric",
    caught_by="embeds-each-row-by-itself",
    fault="doubles bytes, where 200 becomes 144, before it embeds them",
)
class EmbedsInBytes:
    def pairwise(self, queries, references):
        return 2.0 * straight(queries, references)

    def embed(self, features):
        return np.asarray(features) + np.asarray(features)


@planted(
    "metric",
    caught_by="embeds-in-its-own-order",
    fault="embeds the rows as they are, though it adds up absolute differences",
)
class EmbedsByAnotherOrder:
    def pairwise(self, queries, references):
        return np.abs(differences(queries, references)).sum(axis=-1)

    def embed(self, features):
        return features


@planted(
    "metric",
    caught_by="keeps-the-triangle-inequality",
    fault="declares the triangle inequality for squared distances",
    triangle=True,
)
class SquaredWithTriangle:
    def pairwise(self, queries, references):
        return (differences(queries, references) ** 2).sum(axis=-1)


@planted(
    "metric",
    caught_by="treats-the-zero-vector-as-declared",
    fault="declares distance 1 from the zero vector, and gives 0.5",
    zero_vector="one",
)
class HalfwayFromTheZeroVector:
    def pairwise(self, queries, references):
        return (differences(units(queries), units(references)) ** 2).sum(axis=-1) / 2


@planted(
    "metric",
    caught_by="is-unchanged-by-scale",
    fault="declares that the lengths of vectors do not matter, and only centres them",
    invariant=("offset", "scale"),
)
class CentredButNotScaled:
    def pairwise(self, queries, references):
        queries, references = (np.asarray(rows, np.float64) for rows in (queries, references))
        return straight(
            queries - queries.mean(axis=1, keepdims=True), references - references.mean(axis=1, keepdims=True)
        )


@planted(
    "metric",
    caught_by="is-unchanged-by-offset",
    fault="declares that a number added to all of a vector does not matter",
    invariant=("offset",),
)
class OffsetThatMatters(Straight):
    pass


@planted(
    "metric",
    caught_by="is-unchanged-by-translation",
    fault="declares that a common shift does not matter, and divides by the sizes of the numbers",
    invariant=("order", "translation"),
)
class TranslationThatMatters:
    def pairwise(self, queries, references):
        sizes = np.abs(np.float64(queries))[:, None] + np.abs(np.float64(references))[None]
        return (np.abs(differences(queries, references)) / np.where(sizes > 0, sizes, 1)).sum(axis=-1)


@planted(
    "metric",
    caught_by="is-unchanged-by-order",
    fault="declares that the order of numbers does not matter, and counts the first ones more",
    invariant=("order",),
)
class OrderThatMatters:
    def pairwise(self, queries, references):
        found = np.abs(differences(queries, references))
        return (found / (1.0 + np.arange(found.shape[-1]))).sum(axis=-1)


@planted(
    "metric",
    caught_by="is-unchanged-by-mirroring",
    fault="declares that mirroring does not matter, and looks at the left half alone",
    accepts="pixels",
    invariant=("mirroring",),
)
class LeftHalf:
    def pairwise(self, queries, references):
        half = queries.shape[2] // 2
        means = [
            np.asarray(rows)[:, :, :half].mean(axis=(1, 2), dtype=float) for rows in (queries, references)
        ]
        return straight(*means)


@planted("metric", caught_by="says-the-same-again", fault="adds noise from a generator without a seed")
class Noisy:
    def pairwise(self, queries, references):
        found = straight(queries, references)
        return found + np.random.default_rng().random(found.shape)


@planted("metric", caught_by="gives-one-number-per-pair", fault="gives a row per reference, not per query")
class Transposed:
    def pairwise(self, queries, references):
        return straight(references, queries)


@planted("metric", caught_by="gives-one-number-per-pair", fault="refuses vectors of equal numbers")
class RefusesConstantRows:
    def pairwise(self, queries, references):
        if (np.ptp(queries, axis=1) == 0).any():
            raise ParameterError("a row is constant", where="queries", allowed="rows that vary")
        return straight(queries, references)


@planted("metric", caught_by="gives-one-number-per-pair", fault="cuts distances to whole numbers")
class CutToWholeNumbers:
    def pairwise(self, queries, references):
        return np.minimum(straight(queries, references), 2.0**53).astype(np.int64)


@planted("metric", caught_by="tells-some-rows-apart", fault="rounds distances, so that shares are all alike")
class RoundedToWholeNumbers:
    def pairwise(self, queries, references):
        return np.rint(straight(queries, references))


@planted(
    "metric",
    caught_by="measures-a-large-table-as-its-parts",
    fault="fills eight columns of its table, and leaves the others at 0",
)
class BlocksOfEight:
    def pairwise(self, queries, references):
        found = np.zeros((len(queries), len(references)))
        found[:, :8] = straight(queries, references[:8])
        return found


@planted(
    "metric",
    caught_by="measures-a-large-table-as-its-parts",
    fault="counts only what the query has more of, from the 65th number on",
)
class AsymmetricWhereWide:
    def pairwise(self, queries, references):
        apart = differences(queries, references)
        apart[..., 64:] = np.maximum(apart[..., 64:], 0.0)
        return np.abs(apart).sum(axis=-1)


@planted(
    "metric",
    caught_by="measures-a-large-table-as-its-parts",
    fault="swaps the photos of a block of ten",
    accepts="pixels",
)
class SwapsABlockOfPhotos:
    def pairwise(self, queries, references):
        means = [np.asarray(rows).mean(axis=(1, 2), dtype=float) for rows in (queries, references)]
        found = straight(*means)
        if len(references) >= 10:
            found[:, :10] = found[:, 9::-1]
        return found


@planted("metric", caught_by="tells-some-rows-apart", fault="compares the queries with themselves")
class AlwaysZero:
    def pairwise(self, queries, references):
        return np.zeros((len(queries), len(references)))


@planted(
    "metric",
    caught_by="refuses-negative-numbers",
    fault="declares numbers of at least 0, and takes roots of absolute values",
    domain="nonnegative",
)
class TakesNegativeNumbers:
    def pairwise(self, queries, references):
        return straight(*(np.sqrt(np.abs(np.float64(rows))) for rows in (queries, references)))
