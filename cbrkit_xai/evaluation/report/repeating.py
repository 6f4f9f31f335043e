"""The command line that repeats an evaluation, told from its results; and what no command line repeats."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs

from cbrkit_xai.choice import Use
from cbrkit_xai.configurations import Configuration, configuration
from cbrkit_xai.errors import CbrkitXaiError
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.questions.answer import Answer
from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.running.all_runs import ALL_BASELINES
from cbrkit_xai.evaluation.running.selecting import BY_VOTES, selected_by

_OPTIONS: Final[Mapping[str, str]] = {
    "scheme": "--scheme",
    "folds": "--folds",
    "repeats": "--repeats",
    "held_out": "--held-out",
    "seed": "--seed",
    "cluster_scope": "--cluster-scope",
    "latent_cosine": "--latent-cosine",
    "phash_distance": "--phash-distance",
}
"""Of each of the protocol's fields."""

_ALWAYS = ("scheme", "seed", "cluster_scope")
_ALPHA = 0.05
_OF_EACH = "better-than-mean"


@attrs.frozen(kw_only=True)
class Repeating:
    """How an evaluation is repeated.

    Parameters
    ----------
    command : str
        As a shell reads it.
    exceptions : tuple of str
        A sentence for each thing that the command does otherwise, or needs besides.
    """

    command: str
    exceptions: tuple[str, ...]


def repeating(
    evaluation: Evaluation, draws: int = 0, answers: Sequence[Answer] = (), margin: float | None = None
) -> Repeating:
    """Return the command, and what it does not repeat.

    Parameters
    ----------
    draws : int
        How often votes were shuffled.
    answers : sequence of Answer
        As `answers` gives them; of which alpha, and whether k was selected, is known.
    margin : float, optional
        Of non-inferiority, as it was given to `answers`.
    """
    words = ["cbrkit-xai", "evaluate", "BASE"]
    names, by_votes, exceptions = _names(evaluation)
    if names:
        words += ["--configurations", ",".join(names)]
    if by_votes:
        words += ["--select-by", "votes"]
    ks = _shared_ks(evaluation.configurations)
    if ks:
        words += ["-k", f"selected,{_ks(ks)}" if _is_selected(answers) else _ks(ks)]
    words += _held_out(evaluation.protocol)
    if margin is not None:
        words += ["--margin", repr(float(margin))]
    alpha = float(answers[0].details.get("alpha", _ALPHA)) if answers else _ALPHA
    if alpha != _ALPHA:
        words += ["--alpha", repr(alpha)]
    baselines = dict.fromkeys(_name_of(run) for run in evaluation.baselines)
    if set(baselines) != set(ALL_BASELINES):
        words += ["--baselines", ",".join(baselines) or "none"]
    words += ["--permutations", str(draws), "-o", "DIR"]
    return Repeating(command=shlex.join(words), exceptions=(*exceptions, *_left_out(evaluation, answers)))


def _names(evaluation: Evaluation) -> tuple[list[str], bool, list[str]]:
    """Return how each configuration is named, whether by votes is selected, and what is not shipped."""
    runs = [(run, run.configuration) for run in evaluation.configurations if run.configuration is not None]
    before = {run.label: _before_votes(one) for run, one in runs}
    # The option is one for all.
    by_votes = any(before.values()) and not any(_by_votes(one) for _, one in runs)
    names: list[str] = []
    exceptions: list[str] = []
    for run, one in runs:
        named = (before[run.label] if by_votes else None) or one
        if _is_shipped(named, run):
            names.append(named.label)
            continue
        names.append(f"COMPOSED-{len(exceptions) + 1}.toml")
        exceptions.append(
            f"{run.label} was composed in Python or in a file; hash {one.hash}. {names[-1]} stands for a "
            "file with what its to_toml() gives; what is shipped under that label, if anything, is another."
        )
    return names, by_votes, exceptions


def _by_votes(before: Configuration) -> Configuration | None:
    """Return what --select-by votes makes of a configuration; None where it leaves it as it is."""
    try:
        return selected_by("votes", [before])[0]
    except CbrkitXaiError:  # nothing is searched for
        return None


def _before_votes(made: Configuration) -> Configuration | None:
    """Return the configuration of which --select-by votes makes this one; None where there is none."""
    within = made.organizer.parameters.get("within")
    if made.organizer.name != BY_VOTES or not isinstance(within, Use):
        return None
    before = made.evolve(organizer=within)
    return before if _by_votes(before) == made else None


def _is_shipped(named: Configuration, run: Run) -> bool:
    """Say whether the label is enough to name it, by the hash."""
    try:
        shipped = configuration(named.name, profile=named.profile, organizer=named.organizer.name)
    except CbrkitXaiError:
        return False
    if run.substituted:  # of which the remark tells
        shipped = shipped.evolve(representation=named.representation)
    return shipped.hash == named.hash


def _held_out(protocol: Protocol) -> Iterator[str]:
    usual = Protocol(scheme=protocol.scheme)
    for name, option in _OPTIONS.items():
        value = getattr(protocol, name)
        if name in _ALWAYS or value != getattr(usual, name):
            yield from (option, str(value))


def _is_selected(answers: Sequence[Answer]) -> bool:
    return any(one.selected for one in answers if one.kind == _OF_EACH)


def _shared_ks(runs: Sequence[Run]) -> list[int]:
    """Return the ks of all; besides, each configuration is evaluated at its own."""
    each = [set(run.ks) for run in runs]
    return sorted(set.intersection(*each) or set.union(*each)) if each else []


def _left_out(evaluation: Evaluation, answers: Sequence[Answer]) -> Iterator[str]:
    runs = evaluation.configurations
    shared = set(_shared_ks(runs))
    others = [run.label for run in runs if {*run.ks, _own(run)} != {*shared, _own(run)}]
    if others:
        yield f"{', '.join(others)}: evaluated with other k than the command gives."
    elsewhere = [one.labels[0] for one in answers if _is_stated(one, evaluation)]
    if elsewhere:
        yield (f"{', '.join(elsewhere)}: judged at a k that was stated in Python; the command takes its own.")
    if runs and all(run.confidence is None for run in runs):
        yield "Recommenders were not asked what they state (confidence=False); the command asks them."
    if runs and all(run.inner is None for run in runs):
        yield "Nothing was cross-validated inside the folds (nested=False); the command does so."


def _own(run: Run) -> int:
    return run.ks[0] if run.configuration is None else run.configuration.k


def _is_stated(answer: Answer, evaluation: Evaluation) -> bool:
    """Say whether a configuration was judged at a k that is neither its own nor selected."""
    contestants = answer.details.get("contestants")
    if answer.kind != _OF_EACH or answer.selected or not contestants:
        return False
    return any(one["k"] != own_k(evaluation.run(one["label"])) for one in contestants[0]["judged"])


def _name_of(run: Run) -> str:
    """Return the name by which a baseline is asked for."""
    if run.configuration is not None:
        return run.configuration.organizer.name
    return run.label.partition(" on ")[0]


def _ks(ks: list[int]) -> str:
    if len(ks) > 1 and ks == list(range(ks[0], ks[-1] + 1)):
        return f"{ks[0]}:{ks[-1]}"
    return ",".join(map(str, ks))
