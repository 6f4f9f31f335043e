"""The report of the reproduction: the paper's tables, its figures and its claims, on one page."""

from __future__ import annotations

from typing import Any

from cbrkit_xai.evaluation.permutation.permutation_null import DRAWS
from cbrkit_xai.evaluation.questions.limits import limits
from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.report.banners import leak_banners
from cbrkit_xai.evaluation.report.figures_in_words import listed
from cbrkit_xai.evaluation.report.groups_section import groups_section
from cbrkit_xai.evaluation.report.permutation_section import permutation_section
from cbrkit_xai.evaluation.report.repeat_section import repeat_section
from cbrkit_xai.evaluation.report.scores_section import scores_section
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import ALPHA
from cbrkit_xai.evaluation.reproduction.pages.claims_on_page import in_full, in_short
from cbrkit_xai.evaluation.reproduction.pages.frequency_table import frequency_table
from cbrkit_xai.evaluation.reproduction.pages.papers_tables import near_misses, table_1, table_2
from cbrkit_xai.evaluation.reproduction.pages.times_in_words import PAGE, clockless_rows
from cbrkit_xai.evaluation.reproduction.pages.wording import about, about_the_base, procedure
from cbrkit_xai.evaluation.reproduction.papers_numbers import CITATION
from cbrkit_xai.evaluation.reproduction.pictures.figure_3 import figure_3
from cbrkit_xai.evaluation.reproduction.pictures.hypothesis_picture import hypothesis_picture
from cbrkit_xai.evaluation.reproduction.pictures.looks import substitution_banners
from cbrkit_xai.evaluation.reproduction.pictures.settings_picture import settings_picture
from cbrkit_xai.evaluation.reproduction.reproduction import Reproduction
from cbrkit_xai.evaluation.scoring.noise_floor import noise_floor_of
from cbrkit_xai.evaluation.wording import counted

SECTIONS = (
    ("claims", "The paper's claims, in short"),
    ("limits", "What these numbers can't show"),
    ("table-one", "Table 1"),
    ("table-two", "Table 2"),
    ("figure-three", "Figure 3"),
    ("figure-four", "Figure 4"),
    ("hypothesis", "Similar photos, similar votes?"),
    ("claims-in-full", "The claims in full"),
    ("classes", "Class balance"),
    ("scores", "Scores"),
    ("permutation", "Votes shuffled over the photos"),
    ("groups", "Groups and folds"),
    ("problems", "What could not be done"),
    ("repeat", "Versions, and how to repeat it"),
)
"""Anchors and titles, in the order of the page."""


def report_page(reproduction: Reproduction, *, command: str, has_times: bool) -> dict[str, Any]:
    """Return what the report shows; pictures are among it.

    Parameters
    ----------
    command : str
        The command line that repeats it.
    has_times : bool
        Whether times were measured, which stand on a page of their own.
    """
    evaluation = reproduction.evaluation
    subtitle, whole = about(evaluation), about_the_base(evaluation)
    leaks = leak_banners(evaluation.runs.values())
    marked = [one.paper.identifier for one in reproduction.applicable if one.substituted]
    claims = in_short(reproduction.claims) + clockless_rows(reproduction, has_times=has_times)
    return {
        "title": f"The paper's {procedure(evaluation)}: {evaluation.name}",
        "name": evaluation.name,
        "provenance": evaluation.provenance,
        "banners": (*leaks, *substitution_banners(reproduction.applicable)),
        "sections": SECTIONS,
        "citation": CITATION,
        "done": _done(reproduction),
        "claims": sorted(claims, key=lambda one: one["letter"]),
        "how_decided": _how_decided(reproduction, has_times=has_times),
        "limits": list(limits(evaluation)),
        "table_1": table_1(reproduction.configurations),
        "missing": [
            f"{one.paper.identifier}: {one.missing}." for one in reproduction.configurations if one.missing
        ],
        "table_2": table_2(reproduction.clusterings, len(evaluation.cases)),
        "near_misses": near_misses(reproduction.clusterings),
        "maps": [
            picture
            for row in reproduction.clusterings
            if (picture := settings_picture(row, whole)) is not None
        ],
        "figure_3": figure_3(reproduction, subtitle, leaks),
        "has_times": has_times,
        "times": PAGE,
        "hypothesis": hypothesis_picture(reproduction.hypothesis, reproduction.configurations, whole),
        "hypothesis_words": _hypothesis_words(reproduction),
        "in_full": in_full(reproduction.claims, marked),
        "frequency": frequency_table(evaluation, reproduction.frequencies),
        "scores": scores_section(evaluation, noise_floor_of(evaluation), subtitle),
        "permutation": permutation_section(evaluation, reproduction.permutation),
        "groups": groups_section(evaluation),
        "notes": _notes(reproduction),
        "problems": [run for run in evaluation.runs.values() if run.problems],
        "repeat": repeat_section(evaluation, command),
    }


def _done(reproduction: Reproduction) -> str:
    evaluation = reproduction.evaluation
    folds = evaluation.folds
    names = [one.paper.identifier for one in reproduction.applicable]
    missing = [one.paper.identifier for one in reproduction.configurations if one.missing]
    left_out = f" Not applicable to this base: {listed(missing)}, see Table 1." if missing else ""
    if evaluation.protocol.cluster_scope == "global":
        clusters = "clusters were searched for once, on the whole base with the held-out photos among them"
    else:
        clusters = (
            "clusters are searched for anew in each fold, but for Table 2, which is of the whole base as "
        )
        clusters += "in the paper"
    return (
        f"The paper's evaluation, carried out on the {counted(len(evaluation.cases), 'case')} of "
        f"{evaluation.name}, whose votes are about {listed(evaluation.cases.methods)}: {listed(names)}, each "
        "comparing a photo with every case and with DBSCAN prototypes. Every photo is predicted while it is "
        f"held out ({folds.per_repeat} folds, dealt anew {counted(folds.repeats, 'time')}); {clusters}"
        f".{left_out}"
    )


def _how_decided(reproduction: Reproduction, *, has_times: bool) -> str:
    number = len(reproduction.claims)
    said = (
        f"{number} claims are decided together: the chance of any false “holds” or “does not hold” among "
        f"them is kept to {ALPHA:g} (Holm). “Holds” and “does not hold” are both shown by a test, and none "
        "can show both; “can't tell” is what neither was shown for, and is no “does not hold”. A claim about "
        "all configurations holds if every comparison speaks for it, and one that clearly speaks against it "
        "refutes it. Where some comparison could not be made the verdict is never “holds” but “can't tell”, "
        "and the sentence says whether the claim holds where it could be tested."
    )
    if has_times:
        said += (
            f" Claims (e), (f) and (g) are decided by a clock and among themselves, on {PAGE}: were they "
            "corrected together with these, what is said here would change with every run. Over both pages "
            f"the chance of any false verdict is at most {2 * ALPHA:g}."
        )
    return said


def _hypothesis_words(reproduction: Reproduction) -> str:
    found = reproduction.hypothesis
    said = (
        "Before any neighbour's votes are used: is there anything in these distances that has to do with "
        f"votes? {counted(found.photos, 'photo')}, all pairs of two different photos."
    )
    if found.left_out:
        said += f" {counted(found.left_out, 'case')} nobody voted on are left out."
    problems = {one.winners.problem for one in found.metrics.values() if one.winners.problem}
    return " ".join([said, *(f"Not tested: {one}." for one in sorted(problems))])


def _notes(reproduction: Reproduction) -> list[str]:
    evaluation = reproduction.evaluation
    ks = {own_k(run) for _, run in reproduction.runs.linear}
    stated = (
        f"The configurations' own k, at which they are compared, is {listed([str(k) for k in sorted(ks)])}."
    )
    more = "`cbrkit-xai evaluate` has more baselines: k-means prototypes, kernel ridge, random forest."
    if reproduction.permutation is not None:
        draws = len(reproduction.permutation.draws)
        more += f" It shuffles votes {DRAWS} times by default; here it is {draws} times."
    return [*evaluation.notes, stated, more]
