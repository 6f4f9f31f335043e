"""The reproduction from a case base to its pages, on small bases whose truth is known, and on bad ones."""

import csv
import json
import re

import attrs
import numpy as np
import pytest

import cbrkit_xai as cx
from cbrkit_xai import Ballot, Case, CaseBase, Target, use
from cbrkit_xai.errors import CaseBaseError, ConfigurationError
from cbrkit_xai.evaluation.decisions import bootstrap
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.report import resampled_scores
from cbrkit_xai.evaluation.reproduction import class_frequency, pair_permutations, reproducing
from cbrkit_xai.evaluation.reproduction.measuring import measured
from cbrkit_xai.evaluation.reproduction.reproducing import reproduce
from cbrkit_xai.evaluation.reproduction.timing import timed_index, times
from cbrkit_xai.evaluation.reproduction.writing import to_json, write_reproduction

SUBSTITUTE = {"latent": "efficientnet-lite0"}
KS = (1, 2, 3, 5, 8)
METHODS = ("anchors", "ig", "lime", "xrai")


def fingerprint(name, **parameters):
    return cx.default_registry().create("representation", use(name, **parameters)).fingerprint


def votes_of(clouds, signal, rng):
    """Five voters a photo, who prefer the method of its cloud as far as there is signal."""
    rows = []
    for cloud in clouds:
        chances = np.full(4, (1 - signal) / 4)
        chances[cloud] += signal
        rows.append(rng.multinomial(5, chances).astype(float))
    return np.array(rows)


def base_with(votes, *, clouds=None, seed=0, source="human", latent=True, classes=True):
    votes = np.asarray(votes, dtype=float)
    n = len(votes)
    rng = np.random.default_rng(seed)
    clouds = np.arange(n) % 3 if clouds is None else clouds
    middle = rng.integers(50, 400, size=(3, 768))
    histograms = {
        f"sha-{row}": (middle[cloud] + rng.integers(0, 40, size=768)).astype(np.float32)
        for row, cloud in enumerate(clouds)
    }
    # Photos of one cloud are alike, but not so much that they count as one photo.
    directions = rng.normal(size=(3, 24))
    vectors = {
        f"sha-{row}": (directions[cloud] + 0.6 * rng.normal(size=24)).astype(np.float32)
        for row, cloud in enumerate(clouds)
    }
    cases = []
    for row, given in enumerate(votes):
        asked = {
            method: value
            for method, value in zip(METHODS[: votes.shape[1]], given, strict=True)
            if not np.isnan(value)
        }
        target = Target(classifier="c/1", index=row % 7, label=f"class {row % 7}") if classes else None
        cases.append(
            Case(
                id=f"c{row:02}",
                image_sha256=f"sha-{row}",
                ballots=[Ballot(votes=asked, source=source, voter="v", family="f")] if asked else [],
                target=target,
            )
        )
    features = {fingerprint("histogram"): histograms}
    if latent:
        features[fingerprint("latent", norm="none")] = vectors
    representations = {fingerprint("histogram"): use("histogram")}
    if latent:
        representations[fingerprint("latent", norm="none")] = use("latent", norm="none")
    return CaseBase(name="small <base>", cases=cases, features=features, representations=representations)


def clouded(n=45, signal=0.9, seed=0, **more):
    clouds = np.arange(n) % 3
    return base_with(votes_of(clouds, signal, np.random.default_rng(seed)), clouds=clouds, seed=seed, **more)


def repeated(base, **more):
    given = {"ks": KS, "protocol": Protocol(repeats=2), "substitute": SUBSTITUTE, **more}
    return reproduce(base, **given)


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Fewer draws, rounds and baselines: how many there are is not what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair_permutations, "MOST", 999)
        patch.setattr(bootstrap, "DRAWS", 199)
        patch.setattr(resampled_scores, "DRAWS", 199)
        patch.setattr(class_frequency, "DRAWS", 199)
        patch.setattr(reproducing, "BASELINES", ("uniform", "global-mean"))
        patch.setattr(timed_index, "MOST", timed_index.FEWEST)
        patch.setattr(times, "GROWTH_SECONDS", 1e-6)
        yield


@pytest.fixture(scope="module")
def with_signal(quick):
    return repeated(clouded())


@pytest.fixture(scope="module")
def folder(with_signal, tmp_path_factory):
    """Where the reproduction with signal was written, times and all."""
    folder = tmp_path_factory.mktemp("written")
    written(with_signal, folder, times=measured(with_signal, clouded()))
    return folder


@pytest.fixture(scope="module")
def html(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


def test_where_similar_photos_share_the_best_method_it_is_found(with_signal):
    claim = with_signal.claim("h")
    assert claim.verdict == "holds"
    assert all(one.reading == "holds" for one in claim.asked.tested)


def test_where_votes_have_nothing_to_do_with_photos_no_claim_about_similarity_holds():
    found = repeated(clouded(signal=0.0, seed=3))
    assert found.claim("h").verdict != "holds"
    assert found.claim("c").verdict == "can't tell"


def test_the_error_falls_with_k_without_any_signal_and_the_report_says_so():
    found = repeated(clouded(n=80, signal=0.0, seed=1))
    claim = found.claim("a")
    assert all(one.reading == "holds" for one in claim.asked.tested if "falls" in one.about)
    assert "nothing to do with each other" in claim.asked.meaning


def test_clear_clouds_are_the_clusters_of_table_2(with_signal):
    rows = {one.of.name: one for one in with_signal.clusterings}
    for name in ("hist-euc", "hist-cos", "lf-euc", "lf-cos"):
        assert rows[name].clustering.clusters == 3
    assert rows["ssim"].clustering is None
    assert "holds no pixels" in rows["ssim"].reason


def test_every_claim_is_there_once(with_signal):
    assert [one.asked.letter for one in with_signal.claims] == ["a", "b", "c", "d", "h", "i", "j", "k"]


def test_what_could_not_be_compared_has_a_row_with_its_reason_in_every_claim(with_signal):
    for claim in with_signal.claims:
        about_ssim = [one for one in claim.asked.comparisons if "SSIM" in one.about]
        if claim.asked.letter != "k":
            assert about_ssim
        assert all("holds no pixels" in one.problem for one in about_ssim)


def test_clusters_that_the_paper_does_not_have_stand_beside_its_claims(with_signal):
    for letter in "bi":
        asked = with_signal.claim(letter).asked
        beside = [one for one in asked.comparisons if not one.is_claimed]
        assert [one.about.partition(" ")[0] for one in beside] == ["SSIM"]
        assert len(asked.claimed) == 4


def test_the_growth_of_the_clustered_error_is_claim_b(with_signal):
    # One prototype of three is the right one; all three together are the overall mean.
    assert with_signal.claim("b").verdict == "holds"


def test_features_are_only_substituted_when_allowed():
    with pytest.raises(ConfigurationError, match="substitute latent="):
        repeated(clouded(n=20), substitute={})


def test_a_base_without_latent_vectors_leaves_those_rows_out_with_the_reason():
    found = repeated(clouded(n=20, latent=False), protocol=Protocol(repeats=1))
    missing = {one.name: one.missing for one in found.configurations if one.missing}
    assert set(missing) == {"lf-euc", "lf-cos", "ssim"}
    sentence = found.claim("c").sentence
    assert sentence.startswith(
        "Can't tell: none of 10 comparisons could be made; LF-EUC linear below HIST-EUC"
    )
    assert missing["lf-euc"] in sentence


def test_a_base_with_none_of_the_features_is_refused():
    bare = attrs.evolve(clouded(n=20), features={}, representations={})
    with pytest.raises(CaseBaseError, match=r"none of the paper's configurations .* --images DIR"):
        repeated(bare)


def written(found, folder, **more):
    write_reproduction(found, folder, command="cbrkit-xai reproduce BASE -o DIR", **more)
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_same_base_gives_the_same_bytes_and_times_stand_apart(tmp_path):
    base = clouded(n=30)
    one, other = (repeated(base, folder=tmp_path / name) for name in "ab")
    for found, name in ((one, "a"), (other, "b")):
        written(found, tmp_path / name, times=measured(found, base))
    files = sorted(
        path.relative_to(tmp_path / "a")
        for path in (tmp_path / "a").rglob("*")
        if path.is_file() and path.parent.name != "cells"
    )
    different = {
        str(path)
        for path in files
        if (tmp_path / "a" / path).read_bytes() != (tmp_path / "b" / path).read_bytes()
    }
    assert {"times.html", "query-times.csv"} <= different
    assert all("times" in name for name in different)
    assert {"report.html", "reproduction.json", "settings.csv", "plots/figure-3.png"} <= set(map(str, files))


def test_an_interrupted_run_goes_on_to_the_same_bytes(tmp_path):
    base = clouded(n=30)
    whole = to_json(repeated(base, folder=tmp_path / "whole"))

    class StopHereError(Exception):
        pass

    def stop(done, _):
        if done > 300:
            raise StopHereError

    with pytest.raises(StopHereError):
        repeated(base, folder=tmp_path / "cut", progress=stop)
    kept = len(list((tmp_path / "cut" / "cells").iterdir()))
    assert 0 < kept < len(list((tmp_path / "whole" / "cells").iterdir()))
    assert json.dumps(to_json(repeated(base, folder=tmp_path / "cut"))) == json.dumps(whole)


def test_progress_grows_to_the_end():
    told = []
    repeated(clouded(n=20), protocol=Protocol(repeats=1), progress=lambda *one: told.append(one))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (1000, 1000)


def test_the_report_opens_offline_and_escapes_what_the_base_says(html):
    assert "small &lt;base&gt;" in html
    assert "small <base>" not in html
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
    assert "default-src 'none'" in html


def test_every_section_and_every_latent_row_says_substituted(html):
    sections = html.split("<section>")[1:]
    assert len(sections) > 8
    assert all("SUBSTITUTED" in one for one in sections)
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>", html, flags=re.DOTALL)
    latent = [row for row in rows if re.search(r"LF-(EUC|COS)|lf-(euc|cos)/", row)]
    papers = html.partition("The paper&#39;s own numbers")[2].partition("</table>")[0]
    marked = [row for row in latent if row not in papers]
    assert marked
    assert all("SUBSTITUTED" in row for row in marked)


def test_every_picture_stands_on_a_page_and_lies_beside_it(html, folder):
    files = {path.name for path in (folder / "plots").glob("*.svg")}
    assert {"figure-3.svg", "settings-lf-cos.svg", "similar-photos-similar-votes.svg"} <= files
    assert {"times-figure-4.svg", "times-growth.svg"} <= files
    page = (folder / "times.html").read_text(encoding="utf-8")
    assert html.count("<figcaption>") + page.count("<figcaption>") == len(files)


def test_the_papers_numbers_stand_beside_ours_and_are_called_the_papers(html):
    papers = html.partition("The paper&#39;s own numbers")[2].partition("</table>")[0]
    for number in ("4,800", "0.57", "139 (69.5 %)", "0.82", "no setting fulfilled its demands"):
        assert number in papers
    assert "below the paper&#39;s own bound" in papers


def test_baselines_null_floor_intervals_votes_and_versions_stand_on_the_page(with_signal, html):
    for word in ("global-mean", "uniform", "null law", "noise floor", "95 % intervals", "votes: people"):
        assert word in html
    assert "numpy" in html
    assert with_signal.evaluation.hashes["base"] in html


def test_titles_say_that_votes_are_automatic(tmp_path):
    found = repeated(clouded(n=20, source="automatic"), protocol=Protocol(repeats=1))
    html = written(found, tmp_path)
    assert "<h1>The paper&#39;s procedure on automatic votes: small &lt;base&gt;</h1>" in html


def test_votes_are_shuffled_for_the_papers_configurations_and_the_report_shows_it(with_signal, html):
    null, runs = with_signal.permutation, with_signal.runs
    assert set(null.labels) == {run.label for _, run in (*runs.linear, *runs.clustered)}
    assert len(null.draws) == 199
    for label in null.labels:  # at k = 1 the photo of the same cloud speaks
        ks, observed, draws = null.of(label)
        first = with_signal.evaluation.run(label).predicted[0]
        expected = np.nanmean((first - with_signal.evaluation.votes[:, None]) ** 2, axis=(0, 2))
        np.testing.assert_allclose(observed, expected)
        assert observed[ks.index(1)] < draws[:, ks.index(1)].min()
    table = html.partition('id="permutation-table"')[2].partition("</table>")[0]
    assert "over 199 shuffles" in table
    assert all(label.partition("/")[0] in table for label in null.labels)


def test_people_are_not_called_automatic(html):
    assert "procedure on people&#39;s votes" in html
    assert "automatic votes" not in html


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def leaking(quick, tmp_path_factory):
    """Return where clusters that saw the held-out photos were written, times and all."""
    base, folder = clouded(n=20), tmp_path_factory.mktemp("leaking")
    found = repeated(base, protocol=Protocol(repeats=1, cluster_scope="global"))
    written(found, folder, times=measured(found, base))
    return folder


@pytest.mark.parametrize("page", ["report.html", "times.html"])
def test_clusters_that_saw_the_held_out_photos_are_called_a_leak(leaking, page):
    sections = (leaking / page).read_text(encoding="utf-8").split("<section>")[1:]
    assert sections
    assert all("LEAK" in one for one in sections)


def test_what_leaked_is_not_said_to_have_been_searched_anew(leaking, html):
    page = (leaking / "report.html").read_text(encoding="utf-8")
    assert "searched for anew" not in page
    assert "searched for once, on the whole base" in page
    assert "searched for anew in each fold" in html


@pytest.mark.parametrize("name", ["times-figure-4.svg", "times-growth.svg"])
def test_pictures_of_times_say_leak(leaking, name):
    assert "LEAK" in (leaking / "plots" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["settings.csv", "query-times.csv"])
def test_each_row_says_whose_votes_what_was_substituted_and_what_leaked(leaking, folder, name):
    for where, leak in ((leaking, "clusters were found once"), (folder, "")):
        rows = rows_of(where / name)
        assert {row["votes_from"] for row in rows} == {"people"}
        for row in rows:
            is_latent = row["configuration"].lower().startswith("lf")
            assert ("EfficientNet" in row["substituted"]) == is_latent
            if "linear" not in row["configuration"]:
                assert row["leak"].startswith(leak)
                assert bool(row["leak"]) == bool(leak)


def test_claims_of_both_pages_are_corrected_apart_and_both_say_why(html, folder):
    page = (folder / "times.html").read_text(encoding="utf-8")
    assert "Claims (e), (f) and (g) are decided by a clock and among themselves, on times.html" in html
    assert "they are decided among themselves" in page
    for text in (html, page):
        assert "at most 0.1." in text


def test_claims_about_time_stand_on_the_page_of_times_alone(html, folder):
    page = (folder / "times.html").read_text(encoding="utf-8")
    for letter in "efg":
        assert f'id="claim-{letter}"' in page
        assert f'id="claim-{letter}"' not in html
    assert "see times.html" in html
    assert "µs" not in html
    assert "µs" in page
    assert "SUBSTITUTED" in page
    lines = (folder / "query-times.csv").read_text().splitlines()
    assert lines[0].startswith("configuration,votes_from,substituted,leak,cases,entries,k,turn,query")
    assert len(lines) > 100


def test_linear_time_compares_every_case_and_clustered_the_prototypes(with_signal):
    found, claims = measured(with_signal, clouded())
    assert [one.asked.letter for one in claims] == ["e", "f", "g"]
    for one in found.configurations:
        assert one.linear.of.entries == found.training
        assert one.clustered.of.entries == 3


def sentences(votes, tmp_path, **more):
    """Reproduce on odd votes, write, and return the claims' sentences."""
    base = base_with(votes, **more)
    found = repeated(base, protocol=Protocol(repeats=1))
    written(found, tmp_path, times=measured(found, base))
    return {one.asked.letter: one.sentence for one in found.claims}, found


def test_three_cases_are_too_few_to_decide_anything(tmp_path):
    told, found = sentences([[1, 0, 2], [0, 1, 0], [2, 2, 2]], tmp_path)
    assert "there are only 3 photos" in told["a"]
    assert all(one.verdict == "can't tell" for one in found.claims)


def test_where_all_votes_are_equal_nothing_can_be_told(tmp_path):
    told, found = sentences(np.full((24, 3), 2.0), tmp_path)
    assert "all pairs of photos have equally similar votes" in told["h"]
    assert "Can't tell" in told["a"]
    assert found.hypothesis.metrics["hist-euc"].alignment.problem


def test_one_method_alone_is_predicted_but_shares_nothing(tmp_path):
    rng = np.random.default_rng(0)
    told, _ = sentences(rng.integers(0, 5, size=(24, 1)), tmp_path)
    assert "all pairs of photos have equally similar votes" in told["h"]


def test_a_method_nobody_was_asked_about_in_most_photos_is_no_crash(tmp_path):
    votes = np.random.default_rng(0).integers(0, 5, size=(30, 3)).astype(float)
    votes[::2, 2] = np.nan
    votes[3] = np.nan
    _, found = sentences(votes, tmp_path)
    assert found.hypothesis.left_out == 1
    assert found.hypothesis.photos == 29


def test_without_classes_the_winners_alone_are_made_even(tmp_path):
    votes = votes_of(np.arange(24) % 3, 0.8, np.random.default_rng(0))
    _, found = sentences(votes, tmp_path, classes=False)
    problems = {one.by: one.problem for name, one in found.balanced if name == "LF-COS"}
    assert problems == {"class": "there are fewer than two known kinds of class", "winner": ""}
    assert found.frequencies == ()


def test_photos_without_any_structure_are_never_clustered_and_say_so(tmp_path, monkeypatch):
    from cbrkit_xai.errors import NotOrganizableError
    from cbrkit_xai.organizers.dbscan_prototypes import DbscanPrototypes

    def refuse(self, distances):
        raise NotOrganizableError("no clusters anywhere")

    monkeypatch.setattr(DbscanPrototypes, "cluster", refuse)
    base = clouded(n=24)
    found = repeated(base, protocol=Protocol(repeats=1))
    html = written(found, tmp_path, times=measured(found, base))
    assert found.runs.clustered == ()
    sentence = found.claim("b").sentence
    assert sentence.startswith("Can't tell: none of 4 comparisons could be made; HIST-EUC clustered grows")
    assert "HIST-EUC clustered was not organised in 5 of 5 folds" in sentence
    assert "no clusters anywhere" in html
    assert "could be clustered in no fold" in html
