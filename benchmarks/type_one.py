"""How often each decision of an evaluation errs where there is nothing to find, or the loss is the margin.

    python benchmarks/type_one.py [--studies 2000] [--seed 0] [--processes N] [--only KIND ...]

Prints one table in Markdown: the decision, what is true in the studies, how many there were, in how many
the decision was wrong, the rate with its upper 95 % bound (Clopper-Pearson), and whether the rate is at
most .06. Decisions of ours must be; the others are shown for what they do. Ends with 1 if one that must be
is not. The errors of the first few studies stand by themselves too: a test counts them again, and so finds
a table that was made before a decision changed. The same seed gives the same table, whatever the number of
processes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from itertools import pairwise

# Before numpy is loaded, here and in the processes: they share the processors already.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from cbrkit_xai.evaluation.simulation.decision_errors import (
    DECISIONS,
    FIRST,
    MOST,
    STUDIES,
    ErrorRate,
    count_errors,
    error_rates,
)

_AT_ONCE = 10
_BETWEEN_SEEDS = 1_000_000


def counted(task):
    kind, seeds = task
    return kind, seeds, count_errors(kind, seeds)


def tasks_of(kinds, studies, seed):
    """Give chunks of studies, none of which reaches over the first ones; each seed begins its own stretch."""
    start = seed * _BETWEEN_SEEDS
    tasks = []
    for kind in kinds:
        ends = sorted({*range(0, studies, _AT_ONCE), min(FIRST[kind], studies), studies})
        tasks += [(kind, range(start + one, start + end)) for one, end in pairwise(ends)]
    return tasks


def all_rates(kinds, studies, seed, processes):
    errors, early = ({kind: Counter() for kind in kinds} for _ in range(2))
    tasks = tasks_of(kinds, studies, seed)
    done, started = 0, time.monotonic()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for kind, seeds, found in pool.imap_unordered(counted, tasks):
            errors[kind].update(found)
            if seeds.stop <= seed * _BETWEEN_SEEDS + FIRST[kind]:
                early[kind].update(found)
            done += len(seeds)
            show(kind, done, studies * len(kinds), time.monotonic() - started)
    return [
        both
        for kind in kinds
        for both in zip(
            error_rates(kind, errors[kind], studies),
            error_rates(kind, early[kind], min(FIRST[kind], studies)),
            strict=True,
        )
    ]


def show(kind, done, of, seconds):
    if sys.stderr.isatty():
        left = seconds / done * (of - done)
        text = f"{done}/{of} studies, {kind}, {left / 60:.1f} minutes left"
        print(f"\r\033[K{text}", end="\n" if done == of else "", file=sys.stderr, flush=True)


def table(rates: list[tuple[ErrorRate, ErrorRate]]) -> str:
    lines = [
        "| a wrong decision | what is true | studies | errors | rate | upper 95 % bound | at most .06 | "
        "of the first |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- | ---: |",
    ]
    lines += [
        f"| {one.decision.name} | {one.decision.null} | {one.studies} | {one.errors} | {one.rate:.4f} | "
        f"{one.upper:.4f} | {kept(one)} | {first.errors} of {first.studies} |"
        for one, first in rates
    ]
    return "\n".join(lines)


def kept(one: ErrorRate) -> str:
    found = "yes" if one.is_within else "**no**"
    return found if one.decision.is_ours else f"{found} (not ours)"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--only", nargs="+", choices=list(STUDIES), default=list(STUDIES), metavar="KIND")
    arguments = parser.parse_args()
    assert set(DECISIONS) == set(STUDIES)
    rates = all_rates(arguments.only, arguments.studies, arguments.seed, arguments.processes)
    print(table(rates))
    broken = [one for one, _ in rates if one.decision.is_ours and not one.is_within]
    for one in broken:
        print(f"{one.decision.name}: {one.rate:.4f} is above {MOST}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
