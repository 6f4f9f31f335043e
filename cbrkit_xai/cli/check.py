"""`cbrkit-xai check`: hold components against the contract of their kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from cbrkit_xai.cli.choosing import json_option

if TYPE_CHECKING:
    from cbrkit_xai.cli.checked import Row

_EXIT_CODES = {"passed": 0, "failed": 1, "skipped": 2}


@click.command("check")
@click.argument("name", metavar="NAME|DISTRIBUTION", required=False)
@click.option("--all", "everything", is_flag=True, help="Check all plugins that are installed.")
@click.option("--kind", metavar="KIND", help="Check components of this kind only, such as metric.")
@json_option
def command(name: str | None, everything: bool, kind: str | None, as_json: bool) -> int:
    """Check that a component, or each of a distribution's, keeps the contract of its kind.

    NAME:VALUE gives a component its one required parameter, such as onnx:model.onnx.
    """
    import time

    from cbrkit_xai.cli.checked import checked
    from cbrkit_xai.cli.plugins import check_kind
    from cbrkit_xai.cli.terminal import print_json, progress_bar
    from cbrkit_xai.registry import default_registry

    _refuse_none_or_both(name, everything)
    _prepare_the_kit()
    if kind is not None:
        check_kind(kind)
    what = name or "all"
    started = time.perf_counter()
    with progress_bar(f"checking {what}") as bar, _interruptible(bar) as progress:
        rows = checked(name, kind, default_registry(), progress)
    seconds = time.perf_counter() - started
    state = _state(rows)
    if as_json:
        found = [row.to_json() for row in rows]
        print_json({"state": state, "seconds": round(seconds, 3), "checked": found})
    else:
        _print(what, rows, state, seconds)
    return _EXIT_CODES[state]


def _refuse_none_or_both(name: str | None, everything: bool) -> None:
    from cbrkit_xai.errors import ParameterError

    if (name is None) != everything:
        raise ParameterError(
            "there is nothing to check" if name is None else f"{name!r} is a part of all",
            where="check",
            allowed="a name that `cbrkit-xai plugins` lists, or --all",
        )


def _prepare_the_kit() -> None:
    """See that Hypothesis is there, and leaves no folder of its own where the reader happens to be."""
    import os
    from importlib.util import find_spec

    from cbrkit_xai.cache import cache_folder
    from cbrkit_xai.errors import MissingDependencyError

    if find_spec("hypothesis") is None:
        raise MissingDependencyError(
            "the checks need hypothesis, which is not installed",
            next_step='pip install "cbrkit-xai[testing]"',
        )
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(cache_folder() / "hypothesis"))


@contextmanager
def _interruptible(progress: Callable[[int, int], None]) -> Iterator[Callable[[int, int], None]]:
    """Give a progress callback that ends the work once Ctrl-C was pressed.

    Python drops an exception that a signal raises inside a callback of the garbage collector, and
    Hypothesis has such a callback: the key would be pressed for nothing.
    """
    import signal
    import threading

    pressed: list[int] = []

    def press(number: int, frame: object) -> None:
        pressed.append(number)
        raise KeyboardInterrupt

    def report(done: int, total: int) -> None:
        if pressed:
            raise KeyboardInterrupt
        progress(done, total)

    if threading.current_thread() is not threading.main_thread():  # where Python takes no handlers
        yield report
        return
    before = signal.signal(signal.SIGINT, press)
    try:
        yield report
    finally:
        signal.signal(signal.SIGINT, before)


def _state(rows: list[Row]) -> str:
    states = {row.state for row in rows}
    return next((state for state in ("failed", "passed") if state in states), "skipped")


def _print(what: str, rows: list[Row], state: str, seconds: float) -> None:
    from cbrkit_xai.cli.terminal import print_table, printable, say

    print_table(("kind", "name", "result"), [(row.kind, row.name, _result(row)) for row in rows])
    for report in (report for row in rows for report in row.reports):
        print("\n".join(printable(line) for line in report.split("\n")), end="\n\n")
    done = [one for row in rows for one in row.results]
    failed = sum(row.count("failed") + bool(row.broken) for row in rows)
    left = sum(row.state == "skipped" for row in rows)
    skipped = f"; {left} of {len(rows)} could not be checked" if left else ""
    if state == "skipped":
        say(f"{what}: nothing was checked")
    elif failed:
        say(f"{what}: {failed} failed of {_checks(len(done))} in {seconds:.1f} s{skipped}")
    else:
        say(f"{what}: {_checks(len(done))} passed in {seconds:.1f} s{skipped}")


def _result(row: Row) -> str:
    if row.skipped or row.broken:
        return f"{row.state}: {row.skipped or row.broken}"
    if row.state == "passed":
        return f"{_checks(len(row.results))} passed"
    blocked = f", {row.count('blocked')} blocked by that" if row.count("blocked") else ""
    return f"{row.count('failed')} failed of {_checks(len(row.results))}{blocked}"


def _checks(count: int) -> str:
    return "1 check" if count == 1 else f"{count} checks"
