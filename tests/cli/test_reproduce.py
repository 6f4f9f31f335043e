"""`cbrkit-xai reproduce` as a process: what it writes, says, refuses, and says again on a second run."""

import json

import pytest

SUBSTITUTE = ("--substitute", "latent=efficientnet-lite0")


@pytest.fixture(scope="module")
def small_base(tmp_path_factory):
    """Thirty cases of the bundled base."""
    from cbrkit_xai import CaseBase
    from cbrkit_xai.stores.addition import Addition
    from cbrkit_xai.stores.embedded import CaseStore

    bundled = CaseBase.bundled("coco200-auto")
    path = tmp_path_factory.mktemp("bases") / "thirty.cbr"
    additions = [
        Addition(
            case=case,
            features={name: rows[case.image_sha256] for name, rows in bundled.features.items()},
        )
        for case in bundled.cases[:30]
    ]
    with CaseStore.create(path, name="thirty", about="") as store:
        store.add_many(additions, representations=bundled.representations, origin="test")
    return path


@pytest.mark.slow
def test_it_writes_the_report_and_says_which_claims_hold(run, small_base, tmp_path):
    arguments = ("reproduce", small_base, *SUBSTITUTE, "--repeats", 1, "-o", "out")
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    for name in ("HIST-EUC", "LF-COS SUBSTITUTED", "holds no pixels", "votes: automatic"):
        assert name in done.stdout
    assert "2, 4800, 0.57, 2, 150" in done.stdout
    written = tmp_path / "out"
    for name in ("report.html", "times.html", "reproduction.json", "results.csv", "summary.json"):
        assert (written / name).stat().st_size > 0
    first = {
        name: (written / name).read_bytes() for name in ("report.html", "reproduction.json", "summary.json")
    }

    again = run(*arguments, "--json", "--no-times")
    assert again.returncode == 0, again.stderr
    content = json.loads(again.stdout)
    assert [one["letter"] for one in content["claims"]] == ["a", "b", "c", "d", "h", "i", "j", "k"]
    assert {one["configuration"] for one in content["table_2"]} >= {"SSIM", "HIST-EUC"}
    assert (written / "summary.json").read_bytes() == first["summary.json"]
    assert (written / "reproduction.json").read_bytes() == first["reproduction.json"]


def test_without_leave_nothing_stands_for_the_papers_network(run):
    done = run("reproduce", "coco200-auto", "-o", "out")
    assert done.returncode == 2
    assert "--substitute latent=efficientnet-lite0" in done.stderr


def test_a_folder_is_asked_for(run):
    done = run("reproduce", "coco200-auto")
    assert done.returncode == 2
    assert "-o" in done.stderr


def test_the_predecessor_needs_pixels_and_says_so_at_once(run):
    done = run("reproduce", "coco200-auto", "--as", "java2021", "-o", "out")
    assert done.returncode == 2
    assert "--images" in done.stderr


@pytest.mark.parametrize("given", [SUBSTITUTE, ("--no-times",), ("--cluster-scope", "global")])
def test_options_of_the_paper_do_not_go_with_the_predecessor(run, given):
    done = run("reproduce", "coco200-auto", "--as", "java2021", "-o", "out", *given)
    assert done.returncode == 2
    assert f"{given[0]} goes with --as paper2022 alone; leave it out" in " ".join(done.stderr.split())


def test_a_file_where_the_folder_should_be_is_told_as_what_it_is(run, tmp_path):
    (tmp_path / "out").write_text("mine")
    done = run("reproduce", "coco200-auto", "-o", "out", *SUBSTITUTE)
    assert done.returncode == 2
    assert "out: a file stands where a folder is needed; name another folder" in done.stderr
    assert (tmp_path / "out").read_text() == "mine"


def test_help_names_both_papers(run):
    done = run("reproduce", "--help")
    assert done.returncode == 0
    assert "java2021" in done.stdout
    assert "latent=efficientnet-lite0" in "".join(done.stdout.split())
