"""The page of an evaluation: self-contained, honest about where its numbers come from, and right."""

import json
import os
import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from itertools import combinations
from types import SimpleNamespace

import attrs
import numpy as np
import pytest

from cbrkit_xai import Configuration, use
from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import MissingDependencyError
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.groups import Groups, Link
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.permutation.permutation_null import PermutationNull
from cbrkit_xai.evaluation.questions.answer import Answer
from cbrkit_xai.evaluation.questions.answering import answers
from cbrkit_xai.evaluation.report import page as report_page
from cbrkit_xai.evaluation.report import resampled_scores, write_report, writing
from cbrkit_xai.evaluation.report.curves import curve
from cbrkit_xai.evaluation.report.families import families, organizer_of
from cbrkit_xai.evaluation.report.first_screen import first_screen
from cbrkit_xai.evaluation.report.permutation_table import band
from cbrkit_xai.evaluation.report.plots.rmse_over_k import Panel
from cbrkit_xai.evaluation.report.same_predictions import same_predictions
from cbrkit_xai.evaluation.report.writing import check_can_report
from cbrkit_xai.evaluation.results import Evaluation, Run, StatedConfidence, Timing
from cbrkit_xai.evaluation.scoring.query_independence import query_independence

AUTOMATIC = "votes: automatic (2 judge families, not people)"
METHODS = ("lime", "ig", "xrai")
LINEAR, CLUSTERED = "lf-cos/linear@made-up", "lf-cos/dbscan-prototypes@made-up"
KS = (1, 2, 3, 4)
SECTIONS = {
    "answers", "limits", "answers-in-full", "curves", "scores", "permutation", "confidence", "clusters",
    "groups", "problems", "time", "repeat",
}  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def few_resamples():
    """Nothing here is about the bootstrap's precision."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resampled_scores, "DRAWS", 199)
        yield


@pytest.fixture(scope="module")
def written(few_resamples, tmp_path_factory):
    """The report of an evaluation in which nothing is amiss."""
    evaluation, folder = made(), tmp_path_factory.mktemp("report")
    asked = answers(evaluation)
    html = write_report(evaluation, asked, folder).read_text("utf-8")
    return SimpleNamespace(
        evaluation=evaluation, answers=asked, folder=folder, html=html, page=Read(html), text=text_of(html)
    )


class Read(HTMLParser):
    """What stands on a page, read by the standard library's own parser."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.addresses, self.ids, self.banners, self.tables = [], [], [], [], {}
        self.text, self._table, self._open, self._in_section = [], None, None, None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append(tag)
        self.addresses += [
            found[name] for name in ("src", "href", "action", "data", "srcset") if name in found
        ]
        self.addresses += re.findall(r"url\(([^)]*)\)", found.get("style") or "")
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "section":
            self.banners.append(0)
        if "banner" in (found.get("class") or "").split() and self.banners:
            self.banners[-1] += 1
        if tag == "table":
            self._table = self.tables.setdefault(found.get("id", f"table-{len(self.tables)}"), [])
        if tag == "tr" and self._table is not None:
            self._table.append([])
        if tag in ("td", "th") and self._table:
            self._table[-1].append("")
            self._open = self._table[-1]
        if tag == "span" and self._open:
            self._open[-1] += "|"

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._open = None
        if tag == "table":
            self._table = None

    def handle_data(self, data):
        self.text.append(data)
        if self._open:
            self._open[-1] += data

    def row(self, table, name):
        """Return a row's texts by the heads of the columns, without what stands in small print."""
        heads, *rows = self.tables[table]
        cells = next(row for row in rows if row[0].split("|")[0].strip() == name)
        return {head: cell.split("|")[0].strip() for head, cell in zip(heads, cells, strict=True)}


def text_of(html):
    """What a page says, on one line."""
    return " ".join("".join(Read(html).text).split())


def made(scope="fold", methods=METHODS, n=30, ids=None, **changes):
    """Return an evaluation of predictions that were made by hand: neighbours of random features."""
    rng = np.random.default_rng(3)
    ids = ids or [f"photo-{place:02d}" for place in range(n)]
    votes = rng.multinomial(5, np.full(len(methods), 1 / len(methods)), size=n).astype(float)
    features = rng.normal(size=(n, 2))
    fold_of = np.array([rng.permutation(np.arange(n) % 3) for _ in range(2)])
    linear = np.full((2, n, len(KS), len(methods)), np.nan)
    clustered, mean = linear.copy(), np.full((2, n, 1, len(methods)), np.nan)
    for repeat, fold in np.ndindex(2, 3):
        held_out, training = np.flatnonzero(fold_of[repeat] == fold), np.flatnonzero(fold_of[repeat] != fold)
        halves = np.array_split(training[np.argsort(features[training, 0])], 2)
        middles = np.array([features[half].mean(axis=0) for half in halves])
        for row in held_out:
            order = training[np.argsort(((features[training] - features[row]) ** 2).sum(axis=1))]
            nearest = np.argsort(((middles - features[row]) ** 2).sum(axis=1))
            for place, k in enumerate(KS):
                linear[repeat, row, place] = votes[order[:k]].mean(axis=0)
                clustered[repeat, row, place] = np.mean(
                    [votes[halves[one]].mean(axis=0) for one in nearest[:k]], axis=0
                )
        mean[repeat, held_out, 0] = votes[training].mean(axis=0)
    squares = np.broadcast_to(1 / np.array(KS), (2, n, len(KS)))

    def configured(label, predicted, **more):
        name, organizer, profile = re.split("[/@]", label)
        configuration = Configuration(
            name=name, profile=profile, representation="latent", metric="cosine", organizer=organizer, k=2
        )
        return Run(
            label=label,
            role="configuration",
            ks=KS,
            predicted=predicted,
            weight_squares=squares,
            entries=np.full((2, 3), 2 if organizer != "linear" else 20),
            configuration=configuration,
            clustered=organizer != "linear",
            **more,
        )

    def baseline(label, predicted):
        return Run(
            label=label,
            role="baseline",
            ks=(0,),
            predicted=predicted,
            weight_squares=np.full((2, n, 1), np.nan),
            entries=np.zeros((2, 3)),
        )

    runs = [
        configured(LINEAR, linear, **changes.pop("linear", {})),
        configured(
            CLUSTERED,
            clustered,
            **{"leaks": ["organizer"] if scope == "global" else (), **changes.pop("clustered", {})},
        ),
        baseline("uniform", np.where(np.isnan(mean), np.nan, 5 / len(methods))),
        baseline("global-mean", mean),
        baseline("single-best-method", mean),
        baseline("oracle", np.where(np.isnan(mean), np.nan, votes[:, None])),
    ]
    labels = np.arange(n)
    labels[1:] -= 1  # the first two are one photo
    values = {
        "name": "made-up",
        "provenance": AUTOMATIC,
        "is_automatic": True,
        "cases": Cases(ids=ids, features=np.zeros((n, 0)), votes=votes, methods=methods),
        "effective_voters": np.full(n, 2.0),
        "classes": ["tabby" if place % 2 else "" for place in range(n)],
        "protocol": Protocol(repeats=2, folds=3, cluster_scope=scope),
        "groups": Groups(
            labels=labels,
            links=[Link(first=ids[0], second=ids[1], reason="perceptual hashes 3 of 64 bits apart")],
            rules=["equal hash of the photo's file: 0 pairs"],
        ),
        "folds": Folds(fold_of=fold_of),
        "runs": runs,
        "versions": {"python": "3.11.9", "numpy": "2.4.6"},
        "hashes": {"base": "ab" * 32, LINEAR: "cd" * 32},
    }
    return Evaluation(**{**values, **changes})


def read(evaluation, folder, **more):
    return Read(write_report(evaluation, (), folder, **more).read_text("utf-8"))


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def svg_texts(folder):
    """What stands in each picture: matplotlib draws texts as paths, and writes them into comments."""
    return {
        path.stem: " ".join(re.findall(r"<!-- (.*?) -->", path.read_text("utf-8")))
        for path in (folder / "plots").glob("*.svg")
    }


def test_a_report_needs_nothing_but_itself_and_runs_no_script(written):
    page = written.page
    assert page.addresses
    assert all(one.startswith(("data:image/", "#")) for one in page.addresses)
    assert {"script", "link", "iframe", "object"}.isdisjoint(page.tags)
    assert "//" not in written.text
    assert "@import" not in written.text
    assert "url(" not in written.text


def test_every_section_is_there_and_can_be_gone_to(written):
    page = written.page
    assert set(page.ids) >= SECTIONS
    assert {one.removeprefix("#") for one in page.addresses if one.startswith("#")} == SECTIONS
    assert len(page.ids) == len(set(page.ids))


def test_the_first_screen_has_the_provenance_the_answers_and_what_they_cannot_show(written):
    first = text_of(written.html.partition("<section>")[0])
    assert AUTOMATIC in first
    assert "Can't tell" in first
    assert "Whether any explanation helps a person" in first
    assert all(one.sentence in written.text for one in written.answers)


@pytest.mark.parametrize(
    ("passes", "said"), [((), ""), (("a",), "By the margin of 1 of them,"), (("a", "b"), "By the margin,")]
)
def test_a_yes_that_the_mean_earns_too_is_said_to_be_worth_little_where_it_is_first_read(passes, said):
    asked = [
        Answer(
            kind="clustered-no-worse-than-linear",
            question=f"Is {name} no worse?",
            verdict=verdict,
            sentence="",
            labels=(name,),
            details={"global_mean_passes": name in passes},
        )
        for name, verdict in (("a", "yes"), ("b", "yes"), ("c", "can't tell"))
    ]
    (row,) = first_screen(made(), asked, [])["short"]
    yes, open_ = row["verdicts"]
    assert (yes["whom"], open_["whom"]) == ("a and b", "c")
    assert yes["but"].startswith(said) and bool(yes["but"]) == bool(said)
    assert open_["but"] == ""


def test_other_sentences_on_what_numbers_cannot_show_take_the_place_of_ours(tmp_path):
    text = "".join(read(made(), tmp_path, limits=["Whether cats like it."]).text)
    assert "Whether cats like it." in text
    assert "Whether any explanation helps a person" not in text


@pytest.mark.parametrize(
    ("evaluation", "word"),
    [
        (made(scope="global"), "LEAK"),
        (
            made(linear={"substituted": "another network"}, clustered={"substituted": "the same"}),
            "SUBSTITUTED",
        ),
    ],
)
def test_leaks_and_substitutes_are_told_in_every_section_and_in_every_picture(evaluation, word, tmp_path):
    page = read(evaluation, tmp_path)
    assert page.banners
    assert all(number >= 1 for number in page.banners)
    assert word in "".join(page.text)
    pictures = svg_texts(tmp_path)
    assert pictures
    assert all(word in text for text in pictures.values())


def test_no_banner_stands_where_nothing_leaks_and_nothing_is_substituted(written):
    assert sum(written.page.banners) == 0
    assert not any("LEAK" in text or "SUBSTITUTED" in text for text in svg_texts(written.folder).values())


def test_the_votes_provenance_stands_in_every_picture(written):
    assert all(AUTOMATIC in text for text in svg_texts(written.folder).values())


def test_the_scores_are_those_of_plain_loops(written):
    evaluation, row = written.evaluation, written.page.row("scores-table", LINEAR)
    squared, per_case, taus, hits, lost = [], [], [], [], []
    run = evaluation.runs[LINEAR]
    for repeat, case in np.ndindex(run.predicted.shape[:2]):
        predicted, votes = run.predicted[repeat, case, KS.index(2)].tolist(), evaluation.votes[case].tolist()
        errors = [(p - v) ** 2 for p, v in zip(predicted, votes, strict=True)]
        squared += errors
        per_case.append((sum(errors) / len(errors)) ** 0.5)
        first = [place for place, p in enumerate(predicted) if p >= max(predicted) - 1e-9]
        best = [place for place, v in enumerate(votes) if v == max(votes)]
        lost.append(max(votes) - sum(votes[place] for place in first) / len(first))
        if max(votes) == min(votes):
            continue
        hits.append(len(set(first) & set(best)) / len(first) / len(best))
        pairs = [
            (np.sign(round(predicted[i] - predicted[j], 9)), np.sign(votes[i] - votes[j]))
            for i, j in combinations(range(len(votes)), 2)
        ]
        untied = sum(p != 0 for p, _ in pairs) * sum(v != 0 for _, v in pairs)
        if untied:
            taus.append(sum(p * v for p, v in pairs) / untied**0.5)
    assert row["k"] == "2"
    assert row["pooled RMSE"] == f"{np.mean(squared) ** 0.5:.3f}"
    assert row["RMSE per case"] == f"{np.mean(per_case):.3f}"
    assert row["top-1"] == f"{np.mean(hits):.2f}"
    assert row["tau-b"] == f"{np.mean(taus):.2f}"
    assert row["regret"] == f"{np.mean(lost):.2f}"


def test_the_null_law_and_the_skill_are_those_of_the_formulas(written):
    evaluation, page = written.evaluation, written.page
    variance = evaluation.votes.var(axis=0, ddof=1).mean()
    assert page.row("scores-table", LINEAR)["null law"] == f"{(variance * (1 + 1 / 2)) ** 0.5:.3f}"
    errors = {
        label: np.nanmean((evaluation.runs[label].predicted[:, :, place] - evaluation.votes) ** 2)
        for label, place in ((LINEAR, 1), ("global-mean", 0))
    }
    skill = 1 - errors[LINEAR] / errors["global-mean"]
    assert page.row("gains-table", LINEAR)["skill"] == f"{skill:+.3f}".replace("-", "−")


def test_baselines_null_floor_intervals_provenance_and_versions_stand_on_the_page(written):
    evaluation, page, text = written.evaluation, written.page, written.text
    for label in evaluation.runs:
        assert page.row("scores-table", label)["pooled RMSE"] != "–"
    interval = next(row for row in page.tables["scores-table"] if row[0].strip() == "global-mean")[2]
    assert re.search(r"\|\d\.\d+ to \d\.\d+", interval)
    assert "conditional on these cases, likely too narrow" in text
    assert "Noise floor not defined" in text
    assert all(value in text for value in (*evaluation.versions.values(), *evaluation.hashes.values()))
    assert "cbrkit-xai evaluate BASE" in text


def test_the_same_evaluation_gives_the_same_bytes_of_every_file(written, tmp_path):
    import matplotlib

    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red", "svg.hashsalt": "other"}):
        write_report(made(), answers(made()), tmp_path)
    assert files(tmp_path).keys() == files(written.folder).keys()
    assert files(tmp_path) == files(written.folder)


def test_times_change_their_own_page_and_no_other_file(tmp_path):
    def timed(seconds):
        return made(timings=[Timing(label=LINEAR, repeat=0, stage="retrieve", seconds=seconds)])

    first, second = tmp_path / "first", tmp_path / "second"
    for folder, seconds in ((first, 0.001), (second, 2.5)):
        write_report(timed(seconds), (), folder)
    one, other = files(first), files(second)
    changed = {name for name in one if one[name] != other[name]}
    assert changed == {"timings.html", "timings-1.png", "timings-1.svg"}
    assert "2.5 s" in (second / "timings.html").read_text("utf-8")
    assert "timings.html" in (second / "report.html").read_text("utf-8")


def test_a_new_photo_waits_for_all_stages_and_a_known_one_for_two(tmp_path):
    seconds = {"decode": 0.004, "features": 0.02, "retrieve": 0.001, "reuse": 0.0005}
    timings = [
        Timing(label=LINEAR, repeat=query, stage=f"one photo: {stage}", seconds=value * (1 + query))
        for query in range(3)
        for stage, value in seconds.items()
    ]
    write_report(made(), (), tmp_path, timings=timings)
    page = Read((tmp_path / "timings.html").read_text("utf-8"))
    row = page.row("times-what-one-photo-waits-for", LINEAR)
    assert row["retrieve"] == "2 ms"  # the median of 1, 2 and 3
    assert row["features known"] == "3 ms"
    assert row["new photo"] == "51 ms"


HOSTILE = '<script>alert("$x$")</script><img src=http://evil.example/x onerror=1>&amp;"\'\x1b]0;'


def test_whatever_a_stranger_named_is_text_and_nothing_else(tmp_path):
    ids = [f"{HOSTILE}{place}" for place in range(30)]
    evaluation = made(
        ids=ids,
        methods=("lime", HOSTILE, "xrai"),
        name=HOSTILE,
        classes=[HOSTILE] * 30,
        notes=[HOSTILE],
        clustered={"problems": [HOSTILE]},
    )
    page = read(evaluation, tmp_path, command=HOSTILE)
    assert "script" not in page.tags
    assert "evil.example" in "".join(page.text)
    assert all(one.startswith(("data:image/", "#")) for one in page.addresses)
    assert all(text.count("<script") == 0 for text in svg_texts(tmp_path).values())


def test_a_run_that_could_not_be_organised_is_told_with_its_sentence(tmp_path):
    whole = made()
    nothing = np.full_like(whole.runs[CLUSTERED].predicted, np.nan)
    failed = attrs.evolve(
        whole.runs[CLUSTERED],
        predicted=nothing,
        problems=["no setting fulfils the demands"],
        entries=np.zeros((2, 3)),
    )
    runs = [failed if run.label == CLUSTERED else run for run in whole.runs.values()]
    page = read(attrs.evolve(whole, runs=runs), tmp_path)
    assert "no setting fulfils the demands" in "".join(page.text)
    assert page.row("scores-table", CLUSTERED)["pooled RMSE"] == "–"
    assert page.row("scores-table", LINEAR)["pooled RMSE"] != "–"


@pytest.mark.parametrize("what", ["equal votes", "one method", "missing votes", "three cases", "one repeat"])
def test_poor_data_end_in_a_report_and_not_in_an_error(what, tmp_path):
    evaluation = (
        made(methods=("lime",)) if what == "one method" else made(n=3 if what == "three cases" else 30)
    )
    votes = evaluation.votes.copy()
    if what == "equal votes":
        votes[:] = 1.0
    if what == "missing votes":
        votes[:, 1], votes[4] = np.nan, np.nan
    evaluation = attrs.evolve(
        evaluation,
        cases=attrs.evolve(evaluation.cases, votes=votes),
        runs=list(evaluation.runs.values()),
    )
    if what == "one repeat":
        runs = [
            attrs.evolve(
                run,
                predicted=run.predicted[:1],
                weight_squares=run.weight_squares[:1],
                entries=run.entries[:1],
            )
            for run in evaluation.runs.values()
        ]
        folds = Folds(fold_of=evaluation.folds.fold_of[:1])
        evaluation = attrs.evolve(evaluation, runs=runs, folds=folds)
    page = read(evaluation, tmp_path)
    assert set(page.ids) >= SECTIONS
    assert "nan" not in " ".join("".join(page.text).lower().split()).split(" ")


def test_a_clustered_curve_is_query_independent_from_where_all_queries_get_one_prediction():
    evaluation = made()
    found = query_independence(evaluation.runs[CLUSTERED], evaluation.folds)
    differing = []
    for place in range(len(KS)):
        apart = 0
        for split in evaluation.folds.splits():
            predicted = evaluation.runs[CLUSTERED].predicted[split.repeat, split.held_out]
            # Of two prototypes the mean is what all get with k = 2.
            apart += int((np.abs(predicted[:, place] - predicted[0, 1]) > 1e-9).any(axis=1).sum())
        differing.append(apart / evaluation.folds.fold_of.size)
    assert found.same_from == 2
    assert found.prototypes == (2, 2)
    assert found.differing == pytest.approx(differing)
    assert differing[0] > 0.5
    assert differing[1:] == [0, 0, 0]


def test_a_photo_that_is_held_out_alone_gets_the_prediction_of_all_from_the_number_of_prototypes_on():
    run = made().runs[CLUSTERED]
    alone = attrs.evolve(
        run, predicted=run.predicted[:1], weight_squares=run.weight_squares[:1], entries=np.full((1, 30), 2)
    )
    folds = Folds(fold_of=np.arange(30)[None])
    assert query_independence(alone, folds).same_from == 2
    assert query_independence(alone, folds).differing[1:].tolist() == [0, 0, 0]
    weighted = run.configuration.evolve(reuse={"use": "mean", "weight": "similarity"})
    found = query_independence(attrs.evolve(alone, configuration=weighted), folds)
    assert found.same_from is None
    assert np.isnan(found.differing).all()


@pytest.mark.parametrize(
    ("organizer", "same_from"),
    [
        (use("dbscan-by-votes"), 2),
        (use("dbscan-by-votes", within=use("dbscan-prototypes", noise="nearest")), 2),
        (use("dbscan-by-votes", within=use("dbscan-prototypes", noise="fallback")), None),
        (use("hdbscan-prototypes", noise="fallback"), None),
        (use("supervised-prototypes", within=use("dbscan-prototypes", noise="fallback")), 2),
        (use("a-stranger's"), None),
    ],
    ids=str,
)
def test_one_photo_alone_shows_no_prediction_of_all_where_prototypes_may_be_passed_over(organizer, same_from):
    run = made().runs[CLUSTERED]
    alone = attrs.evolve(
        run,
        predicted=run.predicted[:1],
        weight_squares=run.weight_squares[:1],
        entries=np.full((1, 30), 2),
        configuration=run.configuration.evolve(organizer=organizer),
    )
    assert query_independence(alone, Folds(fold_of=np.arange(30)[None])).same_from == same_from


def test_the_caption_says_from_where_on_a_curve_says_nothing_about_similarity(written):
    assert "from k = 2 on (hollow) query-independent" in written.text
    assert "query-independent" in svg_texts(written.folder)["rmse-over-k-01"]


def test_configurations_with_the_same_predictions_are_told(tmp_path):
    whole = made()
    twin = attrs.evolve(whole.runs[LINEAR], label="lf-euc/linear@made-up")
    evaluation = attrs.evolve(whole, runs=[*whole.runs.values(), twin])
    assert same_predictions(evaluation) == ((LINEAR, "lf-euc/linear@made-up"),)
    page = read(evaluation, tmp_path)
    assert "so that their agreement is no evidence" in "".join(page.text)
    assert same_predictions(whole) == ()


def test_prototypes_of_equal_number_stand_in_the_picture_of_the_clustering_they_belong_to():
    whole = made()
    like = whole.runs[CLUSTERED].configuration.evolve(
        name="lf-cos[like dbscan-prototypes]", organizer="random-prototypes"
    )
    random = attrs.evolve(whole.runs[CLUSTERED], label=like.label, role="baseline", configuration=like)
    (family,) = families(attrs.evolve(whole, runs=[*whole.runs.values(), random]))
    assert family.name == "lf-cos@made-up"
    assert [organizer_of(run) for run in family.runs] == [
        "linear",
        "dbscan-prototypes",
        "random-prototypes like dbscan-prototypes",
    ]


def test_the_permutation_table_counts_the_draws_that_err_as_little(tmp_path):
    evaluation = made()
    rng = np.random.default_rng(0)
    columns = [(LINEAR, k) for k in KS]
    observed = np.array([1.0, 2.0, 3.0, 4.0])
    draws = rng.uniform(1.0, 4.0, size=(199, 4))
    null = PermutationNull(columns=columns, observed=observed, draws=draws, fixed_cases=0, kept="rows")
    row = read(evaluation, tmp_path, permutation=null).row("permutation-table", LINEAR)
    assert row["observed"] == f"{2.0**0.5:.3f}"
    assert row["shuffled"] == f"{np.sqrt(draws[:, 1]).mean():.3f}"
    assert row["p"] == f"{(1 + (draws[:, 1] <= 2.0).sum()) / 200:.3f}"


def test_the_report_says_why_there_are_fewer_shuffles_where_each_had_to_organise_anew(tmp_path):
    evaluation = made()
    null = shuffled(evaluation)
    once = " ".join("".join(read(evaluation, tmp_path / "once", permutation=null).text).split())
    assert "organised anew for each" not in once
    null = attrs.evolve(null, organized_anew=(LINEAR,))
    page = " ".join("".join(read(evaluation, tmp_path / "anew", permutation=null).text).split())
    assert f"{LINEAR}: organised anew for each of 39 shuffles" in page
    assert "199 by default instead of 999; with 39 no p is below 0.025." in page


def shuffled(evaluation):
    """Errors under shuffled votes, and those observed in the first repeat's folds."""
    run = evaluation.runs[LINEAR]
    first = run.predicted[:1] - evaluation.votes[:, None]
    draws = np.random.default_rng(0).uniform(1.0, 2.0, size=(39, len(KS)))
    return PermutationNull(
        columns=[(LINEAR, k) for k in KS],
        observed=np.nanmean(first**2, axis=(0, 1, 3)),
        draws=draws,
        fixed_cases=0,
        kept="rows",
    )


def test_the_shades_are_compared_with_crosses_of_the_same_folds_and_not_with_the_curve():
    from matplotlib.figure import Figure

    evaluation = made()
    null = shuffled(evaluation)
    one = curve(evaluation, evaluation.runs[LINEAR])
    panel = Panel(
        curves=(one,),
        levels={},
        floor=None,
        bands={LINEAR: band(null, LINEAR)},
        is_one_repeat=False,
        limits=(0.0, 3.0),
    )
    figure = Figure(figsize=panel.size)
    panel.draw(figure)
    lines = figure.axes[0].get_lines()
    (crosses,) = [line for line in lines if line.get_marker() == "x"]
    np.testing.assert_allclose(crosses.get_ydata(), np.sqrt(null.observed))
    assert not np.allclose(crosses.get_ydata(), one.rmse)
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "observed, first repeat: compare it with the shades" in words
    assert "95 % of shuffles of the votes, first repeat" in words


def test_the_caption_says_of_which_repeat_the_shades_are(tmp_path):
    evaluation = made()
    null = shuffled(evaluation)
    several = " ".join("".join(read(evaluation, tmp_path / "several", permutation=null).text).split())
    assert "in the folds of the first repeat alone" in several
    assert "a curve is of all 2 repeats, and whether it lies within the shades says nothing" in several
    runs = [
        attrs.evolve(
            run,
            predicted=run.predicted[:1],
            weight_squares=run.weight_squares[:1],
            entries=run.entries[:1],
            inner=None,
        )
        for run in evaluation.runs.values()
    ]
    single = attrs.evolve(
        evaluation, runs=runs, folds=attrs.evolve(evaluation.folds, fold_of=evaluation.folds.fold_of[:1])
    )
    page = " ".join("".join(read(single, tmp_path / "single", permutation=null).text).split())
    assert "Shaded: the middle 95 %" in page
    assert "first repeat alone" not in page


def test_stated_confidence_is_told_beside_what_came_true(tmp_path):
    whole = made()
    n = len(whole.cases)
    winners = whole.votes.argmax(axis=1)
    certain = np.full((n, 3), 0.1)
    certain[np.arange(n), winners] = 0.8
    stated = StatedConfidence(
        k=2,
        p_best=certain,
        in_set=np.ones((n, 3)),
        out_of_experience=np.zeros(n),
        skill=(0.1, 0.2, 0.3),
        problems=["nothing was stated in fold 9"],
    )
    runs = [
        attrs.evolve(run, confidence=stated) if run.label == LINEAR else run for run in whole.runs.values()
    ]
    evaluation = attrs.evolve(whole, runs=runs)
    row = read(evaluation, tmp_path).row("confidence-table", LINEAR)
    credits = [1 / (row == row.max()).sum() for row in whole.votes]  # the one held likeliest shares the win
    by_group = [np.mean(credits[:2]), *credits[2:]]
    assert row["stated"] == "0.80"
    assert row["came true"] == f"{100 * np.mean(by_group):.0f} %"
    assert row["methods in it"] == "3.00"
    assert row["can't tell"] == "100 %"
    assert row["stated skill"] == "+0.200"
    text = "".join(Read((tmp_path / "report.html").read_text("utf-8")).text)
    assert "nothing was stated in fold 9" in text


def test_a_missing_jinja_is_told_with_what_to_install(monkeypatch, tmp_path):
    from cbrkit_xai.errors import MissingDependencyError

    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingDependencyError, match="pip install jinja2"):
        report_page.rendered("report.html.j2", {})


def test_what_the_report_needs_is_asked_for_before_the_work(monkeypatch):
    check_can_report()
    monkeypatch.setattr(writing, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"jinja2 and matplotlib.*pip install jinja2 matplotlib"):
        check_can_report()


def test_importing_the_report_loads_nothing_heavy():
    code = (
        "import json, sys; import cbrkit_xai.evaluation.report;"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(json.loads(done.stdout))
    assert loaded.isdisjoint({"matplotlib", "jinja2", "scipy", "sklearn", "PIL", "pyarrow"})


def test_the_command_that_repeats_it_is_one_that_the_command_line_takes():
    from cbrkit_xai.cli.evaluate import command as evaluate_command
    from cbrkit_xai.evaluation.report.repeating import repeating

    words = shlex.split(repeating(made(), 99).command)
    assert words[:3] == ["cbrkit-xai", "evaluate", "BASE"]
    told = evaluate_command.make_context("evaluate", words[2:]).params
    assert told["configurations"] == "COMPOSED-1.toml,COMPOSED-2.toml"
    assert (told["ks"], told["folds"], told["repeats"], told["permutations"]) == ("1:4", 3, 2, 99)
    assert told["baselines"].split(",") == ["uniform", "global-mean", "single-best-method", "oracle"]


def test_progress_is_told_section_by_section(tmp_path):
    told = []
    write_report(made(), (), tmp_path, progress=lambda done, total: told.append((done, total)))
    assert told == [(done, len(told)) for done in range(1, len(told) + 1)]


def test_a_browser_shows_the_report_without_a_complaint(written, tmp_path):
    browser = next((one for one in ("chromium", "chromium-browser", "google-chrome") if _which(one)), None)
    if browser is None:
        pytest.skip("no Chromium here; Debian's package is called chromium")
    report = written.folder / "report.html"
    done = subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0",
            f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", report.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )  # fmt: skip
    page = Read(done.stdout)
    assert set(page.ids) >= SECTIONS
    assert "CONSOLE" not in done.stderr
    assert "Content Security Policy" not in done.stderr


def _which(name):
    return any(
        os.access(os.path.join(folder, name), os.X_OK) for folder in os.environ["PATH"].split(os.pathsep)
    )
