"""How often each decision of an evaluation errs where there is nothing to find, or the loss is the margin.

    python benchmarks/type_one.py [--studies 2000] [--seed 0] [--processes N] [--only KIND ...]

Prints one table in Markdown: the decision, what is true in the studies, how many there were, in how many
the decision was wrong, the rate with its upper 95 % bound (Clopper-Pearson), and whether the rate is at
most .06. Decisions of ours must be; the others are shown for what they do. Ends with 1 if one that must be
is not. The same seed gives the same table, whatever the number of processes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter

# Before numpy is loaded, here and in the processes: they share the processors already.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from cbrkit_xai.evaluation.simulation.decision_errors import (
    DECISIONS,
    MOST,
    STUDIES,
    ErrorRate,
    count_errors,
    error_rates,
)

_AT_ONCE = 10
_BETWEEN_SEEDS = 1_000_000


def counted(task):
    kind, first, studies = task
    return kind, studies, count_errors(kind, range(first, first + studies))


def tasks_of(kinds, studies, seed):
    """Give chunks of studies; each seed begins a stretch of its own."""
    start = seed * _BETWEEN_SEEDS
    return [
        (kind, start + done, min(_AT_ONCE, studies - done))
        for kind in kinds
        for done in range(0, studies, _AT_ONCE)
    ]


def all_rates(kinds, studies, seed, processes):
    errors = {kind: Counter() for kind in kinds}
    tasks = tasks_of(kinds, studies, seed)
    done, started = 0, time.monotonic()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for kind, number, found in pool.imap_unordered(counted, tasks):
            errors[kind].update(found)
            done += number
            show(kind, done, studies * len(kinds), time.monotonic() - started)
    return [rate for kind in kinds for rate in error_rates(kind, errors[kind], studies)]


def show(kind, done, of, seconds):
    if sys.stderr.isatty():
        left = seconds / done * (of - done)
        text = f"{done}/{of} studies, {kind}, {left / 60:.1f} minutes left"
        print(f"\r\033[K{text}", end="\n" if done == of else "", file=sys.stderr, flush=True)


def table(rates: list[ErrorRate]) -> str:
    lines = [
        "| a wrong decision | what is true | studies | errors | rate | upper 95 % bound | at most .06 |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    lines += [
        f"| {one.decision.name} | {one.decision.null} | {one.studies} | {one.errors} | {one.rate:.4f} | "
        f"{one.upper:.4f} | {kept(one)} |"
        for one in rates
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
    broken = [one for one in rates if one.decision.is_ours and not one.is_within]
    for one in broken:
        print(f"{one.decision.name}: {one.rate:.4f} is above {MOST}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
