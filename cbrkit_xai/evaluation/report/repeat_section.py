"""With what an evaluation was made, and the command that repeats it."""

from __future__ import annotations

import shlex
from typing import Any

from cbrkit_xai.evaluation.results import Evaluation


def repeat_section(evaluation: Evaluation, given: str = "") -> dict[str, Any]:
    """Return what the section shows.

    Parameters
    ----------
    given : str
        The command line, where it is known; otherwise it is told from the evaluation.
    """
    return {
        "command": given or command(evaluation),
        "remark": (
            "BASE is the case base whose content has the hash below. The same base, versions and seed give "
            "the same bytes of every file but the times, on the same machine."
        ),
        "versions": sorted(evaluation.versions.items()),
        "seed": evaluation.protocol.seed,
        "hashes": list(evaluation.hashes.items()),
    }


def command(evaluation: Evaluation) -> str:
    """Return the command line, as a shell reads it."""
    protocol = evaluation.protocol
    words = ["cbrkit-xai", "evaluate", "BASE"]
    labels = [run.label for run in evaluation.configurations]
    if labels:
        words += ["--configurations", ",".join(labels)]
    ks = sorted({k for run in evaluation.configurations for k in run.ks})
    if ks:
        words += ["-k", _ks(ks)]
    words += ["--scheme", protocol.scheme]
    if protocol.scheme == "k-fold":
        words += ["--folds", str(protocol.folds)]
    if protocol.scheme == "hold-out":
        words += ["--held-out", f"{protocol.held_out:g}"]
    if protocol.scheme != "leave-one-group-out":
        words += ["--repeats", str(protocol.repeats)]
    words += ["--seed", str(protocol.seed), "--cluster-scope", protocol.cluster_scope, "-o", "DIR"]
    return shlex.join(words)


def _ks(ks: list[int]) -> str:
    return (
        f"{ks[0]}:{ks[-1]}"
        if ks == list(range(ks[0], ks[-1] + 1)) and len(ks) > 1
        else ",".join(map(str, ks))
    )
