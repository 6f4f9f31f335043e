"""Print the table of planted faults and of the checks that caught them: python tests/kit/mutant_table.py."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mutants import Mutant, all_mutants, verdict

_HEADER = ("kind", "mutant", "fault", "caught by", "survived")


def table(rows: list[tuple[str, ...]]) -> str:
    """Lay rows of texts out in columns, under the header."""
    widths = [max(len(row[column]) for row in (_HEADER, *rows)) for column in range(len(_HEADER))]
    lines = [_HEADER, tuple("-" * width for width in widths), *rows]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def row_of(mutant: Mutant, failed: tuple[str, ...]) -> tuple[str, ...]:
    """Say how it went; whoever is caught by another check than the one meant for it has survived, too."""
    survived = failed != (mutant.caught_by,)
    caught = ", ".join(failed) or "no check"
    return (
        mutant.kind,
        mutant.name,
        mutant.fault,
        f"{caught}, not {mutant.caught_by}" if survived else caught,
        "yes" if survived else "no",
    )


def main(names: list[str]) -> int:
    """Examine all mutants, or those of some kinds or names; 1 if any survives."""
    chosen = [one for one in all_mutants() if not names or one.kind in names or one.name in names]
    rows = []
    for done, mutant in enumerate(chosen, start=1):
        show(done, len(chosen), mutant)
        rows.append(row_of(mutant, verdict(mutant)))
    show(0, 0, None)
    print(table(rows))
    survivors = sum(row[-1] == "yes" for row in rows)
    print(f"\n{len(rows)} mutants, {survivors} survived")
    return 1 if survivors or not rows else 0


def show(done: int, of: int, mutant: Mutant | None) -> None:
    """Draw the progress on a terminal, or wipe it off."""
    if not sys.stderr.isatty():
        return
    bar = "#" * (30 * done // of) if of else ""
    text = f"[{bar:<30}] {done}/{of} {mutant.kind} {mutant.name}" if mutant else ""
    print(f"\r\033[K{text[:100]}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
