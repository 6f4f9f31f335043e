"""What commands share of the terminal: progress bars, tables, JSON."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 1.0
"""Seconds after which a progress bar appears."""


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give a progress callback that draws a bar on standard error once a second has passed.

    Nothing is drawn where standard error is no terminal.
    """
    started = time.perf_counter()
    bar: Any = None
    task: Any = None

    def report(done: int, total: int) -> None:
        nonlocal bar, task
        if bar is None and sys.stderr.isatty() and time.perf_counter() - started > PATIENCE:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
            bar = Progress(*columns, console=Console(stderr=True), transient=True)
            bar.start()
            task = bar.add_task(_escaped(what), total=total)
        if bar is not None:
            bar.update(task, completed=done, total=total)

    try:
        yield report
    finally:
        if bar is not None:
            bar.stop()


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "") -> None:
    """Print a table on standard output, as wide as the terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_escaped(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def print_wrapped(text: str) -> None:
    """Print a paragraph on standard output, as wide as the terminal and at most 100 columns."""
    width = min(100, shutil.get_terminal_size((100, 24)).columns)
    print(
        textwrap.fill(
            printable(" ".join(text.split())).replace(" %", "\u00a0%"),
            width=width,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def command_name() -> str:
    """Return how the reader calls the command line: by name if it is on the path, else as they did."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "cbrkit-xai" and shutil.which("cbrkit-xai") is None else "cbrkit-xai"


def say(text: str) -> None:
    """Print one line on standard output."""
    print(printable(text))


def printable(text: str) -> str:
    """Return the text with control characters spelt out: a stranger's base must not steer the terminal."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(printable(text))


def warn(text: str) -> None:
    """Print one line on standard error."""
    print(f"cbrkit-xai: {printable(text)}", file=sys.stderr)
