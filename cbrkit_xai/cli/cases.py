"""`cbrkit-xai cases`: what is inside a case base, and a safe copy of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from cbrkit_xai.cli.choosing import DEFAULT_BASE, chosen_base, json_option

if TYPE_CHECKING:
    from cbrkit_xai.case import Case
    from cbrkit_xai.case_base import CaseBase


@click.command("cases")
@click.argument("base", default=DEFAULT_BASE, metavar="[FILE|NAME]")
@click.option("--limit", type=click.IntRange(0), default=10, show_default=True, help="Cases to list.")
@click.option("--export", "destination", metavar="FILE", help="Write a safe copy, also of a base in use.")
@json_option
def command(base: str, limit: int, destination: str | None, as_json: bool) -> int:
    """Show what a case base holds: photos, votes, whose they are, features, pixels."""
    from cbrkit_xai.cli.terminal import print_json

    found = chosen_base(base)
    if destination is not None:
        from cbrkit_xai.stores.exporting import export

        written = export(found.path or base, destination)
        if not as_json:
            print(f"copied to {written}")
        found = chosen_base(str(written))
    if as_json:
        print_json({**_summary(found), "cases": [_plain(case) for case in found.cases]})
    else:
        _print(found, limit)
    return 0


def _summary(base: CaseBase) -> dict[str, Any]:
    return {
        "name": base.name,
        "path": None if base.path is None else str(base.path),
        "about": base.about,
        "provenance": base.provenance,
        "revision": base.revision,
        "content_hash": base.content_hash,
        "number": len(base),
        "methods": list(base.methods),
        "mean_votes": {method: value for method, value in _means(base).items() if not math.isnan(value)},
        "wins": _wins(base),
        "seconds": dict(base.seconds),
        "classifiers": sorted(base.classifiers),
        "features": {fingerprint: len(rows) for fingerprint, rows in base.features.items()},
        "with_pixels": sum(case.image_sha256 in base.pictures for case in base.cases),
    }


def _means(base: CaseBase) -> dict[str, float]:
    from cbrkit_xai.neighbours import mean_votes

    return dict(zip(base.methods, mean_votes(base.votes).tolist(), strict=True))


def _wins(base: CaseBase) -> dict[str, float]:
    """Count the photos that each method won; a tie is shared."""
    wins = dict.fromkeys(base.methods, 0.0)
    for case in base.cases:
        most = max(case.votes.values(), default=0.0)
        best = [method for method, votes in case.votes.items() if votes == most and most > 0]
        for method in best:
            wins[method] += 1 / len(best)
    return {method: round(photos, 9) for method, photos in wins.items()}


def _plain(case: Case) -> dict[str, Any]:
    target = case.target
    return {
        "id": case.id,
        "image": case.image_name,
        "image_sha256": case.image_sha256,
        "votes": case.votes,
        "voters": case.voters,
        "sources": sorted(case.sources),
        "target": None
        if target is None
        else {
            "index": target.index,
            "label": target.label,
            "probability": target.probability,
            "classifier": target.classifier,
        },
    }


def _print(base: CaseBase, limit: int) -> None:
    from cbrkit_xai.cli.terminal import print_table, print_wrapped, say

    facts = _summary(base)
    say(f"{base.name}: {len(base)} cases, revision {base.revision} · {base.provenance}")
    if base.about:
        print_wrapped(base.about)
    rows = [
        (method, f"{facts['mean_votes'].get(method, float('nan')):.2f}", f"{facts['wins'][method]:.1f}")
        for method in base.methods
    ]
    print_table(("method", "mean votes", "photos won"), rows)
    say("features: " + (", ".join(f"{name} ({n})" for name, n in facts["features"].items()) or "none"))
    pixels = facts["with_pixels"]
    print(
        f"pixels: {pixels} of {len(base)} photos"
        if pixels
        else "pixels: none; name their folder with --images"
    )
    say("classifier: " + (", ".join(facts["classifiers"]) or "not known"))
    listed = base.cases[:limit]
    if listed:
        print_table(("id", "class", *base.methods), [_row(case, base.methods) for case in listed])
    if len(base) > len(listed):
        print(f"... and {len(base) - len(listed)} more (--limit {len(base)} shows all)")


def _row(case: Case, methods: tuple[str, ...]) -> tuple[str, ...]:
    votes = case.votes
    cells = (f"{votes[method]:g}" if method in votes else "" for method in methods)
    return (case.id, case.target.label if case.target is not None else "", *cells)
