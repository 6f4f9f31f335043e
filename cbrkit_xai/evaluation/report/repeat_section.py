"""With what an evaluation was made, and the command that repeats it."""

from __future__ import annotations

import shlex
from typing import Any

from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.running.all_runs import ALL_BASELINES


def repeat_section(evaluation: Evaluation, given: str = "", draws: int = 0) -> dict[str, Any]:
    """Return what the section shows.

    Parameters
    ----------
    given : str
        The command line, where it is known; otherwise it is told from the evaluation.
    draws : int
        How often votes were shuffled.
    """
    remark = (
        "BASE is the case base whose content has the hash below. The same base, versions and seed give the "
        "same bytes of every file but the times, on the same machine."
    )
    if evaluation.substituted and not given:
        remark += " What stands for what was allowed by --substitute NAME=VALUE, which must be given again."
    return {
        "command": given or command(evaluation, draws),
        "remark": remark,
        "versions": sorted(evaluation.versions.items()),
        "seed": evaluation.protocol.seed,
        "hashes": list(evaluation.hashes.items()),
    }


def command(evaluation: Evaluation, draws: int) -> str:
    """Return the command line, as a shell reads it."""
    words = ["cbrkit-xai", "evaluate", "BASE"]
    labels = [run.label for run in evaluation.configurations]
    if labels:
        words += ["--configurations", ",".join(labels)]
    ks = sorted({k for run in evaluation.configurations for k in run.ks})
    if ks:
        words += ["-k", _ks(ks)]
    words += _held_out(evaluation.protocol)
    names = dict.fromkeys(_name_of(run) for run in evaluation.baselines)
    if set(names) != set(ALL_BASELINES):
        words += ["--baselines", ",".join(names) or "none"]
    words += ["--permutations", str(draws), "-o", "DIR"]
    return shlex.join(words)


def _held_out(protocol: Protocol) -> list[str]:
    words = ["--scheme", protocol.scheme]
    if protocol.scheme == "k-fold":
        words += ["--folds", str(protocol.folds)]
    if protocol.scheme == "hold-out":
        words += ["--held-out", f"{protocol.held_out:g}"]
    if protocol.scheme != "leave-one-group-out":
        words += ["--repeats", str(protocol.repeats)]
    return [*words, "--seed", str(protocol.seed), "--cluster-scope", protocol.cluster_scope]


def _name_of(run: Run) -> str:
    """Return the name by which a baseline is asked for."""
    if run.configuration is not None:
        return run.configuration.organizer.name
    return run.label.partition(" on ")[0]


def _ks(ks: list[int]) -> str:
    if len(ks) > 1 and ks == list(range(ks[0], ks[-1] + 1)):
        return f"{ks[0]}:{ks[-1]}"
    return ",".join(map(str, ks))
