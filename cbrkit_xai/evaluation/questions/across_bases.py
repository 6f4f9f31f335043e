"""Several case bases compared by ranks: the only place for Friedman's test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.friedman import friedman
from cbrkit_xai.evaluation.questions.answer import CANNOT_TELL, YES, Answer
from cbrkit_xai.evaluation.questions.contestants import Contestant, at_stated_k
from cbrkit_xai.evaluation.questions.differences import over_repeats
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.wording import number, p_value


def across_bases(
    evaluations: Sequence[Evaluation],
    *,
    labels: Sequence[str] | None = None,
    k: int | None = None,
    alpha: float = 0.05,
) -> Answer:
    """Ask whether configurations rank alike on several case bases.

    Parameters
    ----------
    evaluations : sequence of Evaluation
        One a case base. Folds of one base are no blocks: they share their cases.
    labels : sequence of str, optional
        Runs; by default the configurations that every evaluation has.
    k : int, optional
        By default each configuration's own.
    alpha : float
        Level.

    Raises
    ------
    ParameterError
        A case base that is there twice, or a label that one of them lacks.
    """
    _refuse_twice([one.name for one in evaluations], [one.hashes.get("base", "") for one in evaluations])
    labels = tuple(labels if labels is not None else _common(evaluations))
    contestants = [[at_stated_k(one, one.run(label), k) for label in labels] for one in evaluations]
    # Ranks are of mean errors, which are compared on all cases or not at all.
    problems = [
        one.problem or one.left_out.rstrip(".") for row in contestants for one in row if not _is_whole(one)
    ]
    errors = np.array(
        [
            [np.nan if not _is_whole(one) else np.nanmean(over_repeats(one.errors(base))) for one in row]
            for base, row in zip(evaluations, contestants, strict=True)
        ]
    ).reshape(len(evaluations), len(labels))
    found = friedman(errors)
    question = f"Does any of {len(labels)} configurations rank better on {len(evaluations)} case bases?"
    ranks = dict(zip(labels, found.mean_ranks, strict=False))
    told = ", ".join(
        f"{label} {number(rank)}" for label, rank in sorted(ranks.items(), key=lambda one: one[1])
    )
    if found.problem:
        verdict, because = CANNOT_TELL, problems[0] if problems else f"it {found.problem}"
    else:
        verdict = YES if found.p <= alpha else CANNOT_TELL
        because = f"Friedman's test over {found.bases} bases has {p_value(found.p)} (mean ranks: {told})"
    return Answer(
        kind="across-bases",
        labels=labels,
        question=question,
        verdict=verdict,
        sentence=f"Some configuration ranks better than others across bases: {verdict}, because {because}.",
        p=found.p,
        p_adjusted=found.p,
        details={"mean_ranks": ranks, "statistic": found.statistic, "bases": found.bases},
    )


def _is_whole(one: Contestant) -> bool:
    return not (one.problem or one.left_out)


def _common(evaluations: Sequence[Evaluation]) -> list[str]:
    if not evaluations:
        return []
    first, *others = evaluations
    labels = [run.label for run in first.configurations]
    return [label for label in labels if all(label in one.runs for one in others)]


def _refuse_twice(names: Sequence[str], hashes: Sequence[str]) -> None:
    for values in (names, [one for one in hashes if one]):
        twice = next((one for one in values if list(values).count(one) > 1), None)
        if twice is not None:
            raise ParameterError(
                f"the case base {twice!r} is there twice", where="evaluations", allowed="each base once"
            )
