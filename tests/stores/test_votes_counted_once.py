"""Nobody's votes are counted twice, and people's and judges' come together only if that is meant."""

import os
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from cbrkit_xai import CaseBase, CaseStore, configuration, default_registry, open_image, use
from cbrkit_xai.case import Ballot, Case
from cbrkit_xai.errors import CaseBaseError, VotesError
from cbrkit_xai.stores.addition import Addition
from cbrkit_xai.stores.importing import import_votes


def human(voter="", **votes):
    return Ballot(votes=votes, source="human", voter=voter)


def judge(voter="", **votes):
    return Ballot(votes=votes, source="automatic", voter=voter)


@pytest.fixture
def store(tmp_path):
    with CaseStore.create(tmp_path / "base.cbr") as store:
        yield store


@pytest.fixture
def votes(tmp_path):
    def write(name, text):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


# One voter, one ballot ------------------------------------------------------------------------------------


def test_a_voter_votes_once_on_an_explanation(store, a_case):
    store.add(a_case(ballots=[human("anna", lime=4)]), origin="retain")
    with pytest.raises(VotesError) as caught:
        store.add(a_case(ballots=[human("anna", lime=4)]))
    assert str(caught.value).splitlines() == [
        f"{store.path}: 1 ballot is by someone who has voted already, nothing was stored;"
        " give each voter's votes once; a sum over several people has no voter",
        "  voter 'anna' voted on 'a.jpg' before, in retain",
    ]
    assert store.load().cases[0].votes == {"lime": 4}
    assert store.revision == 1


def test_a_voter_may_vote_on_other_explanations_and_in_the_other_source(store, a_case):
    store.add(a_case("a", ballots=[human("anna", lime=1)]))
    store.add(a_case("b", ballots=[human("anna", lime=1)]))
    store.add(a_case("a", index=9, ballots=[human("anna", lime=1)]))
    store.add(a_case("a", ballots=[judge("anna", lime=1)]), allow_mixed=True)
    assert [len(case.ballots) for case in store.load().cases] == [2, 1, 1]


def test_sums_without_a_voter_may_repeat(store, a_case):
    for _ in range(2):
        store.add(a_case(ballots=[human(lime=4), human(lime=4)]))
    assert store.load().cases[0].votes == {"lime": 16}


def test_one_case_cannot_bring_a_voter_twice_and_nothing_of_it_is_stored(store, a_case):
    with pytest.raises(VotesError, match=r"voter 'anna' voted on 'a\.jpg' before"):
        store.add(a_case(ballots=[human("ben", ig=1), human("anna", lime=1), human("anna", ig=1)]))
    assert len(store.load()) == store.revision == 0


def test_the_tables_themselves_refuse_a_second_ballot(store, a_case):
    store.add(a_case(ballots=[human("anna", lime=1)]))
    with sqlite3.connect(store.path) as raw, pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        raw.execute(
            "INSERT INTO ballots (place, source, voter, family, votes, revision)"
            " SELECT place, source, voter, family, votes, revision FROM ballots"
        )
    raw.close()


def test_a_file_that_repeats_another_and_adds_a_row_is_refused_with_every_repeated_row(
    votes, photos, tmp_path
):
    folder, output = photos("a.png", "b.png"), tmp_path / "base.cbr"
    text = "image,voter,lime,ig\na.png,anna,1,0\nb.png,anna,0,1\n"
    import_votes(votes("v1.csv", text), folder, output, source="human")
    with pytest.raises(VotesError) as caught:
        import_votes(votes("v2.csv", text + "a.png,ben,0,1\n"), folder, output, source="human", append=True)
    assert "2 ballots are by someone who has voted already, nothing was stored" in str(caught.value)
    assert caught.value.problems == (
        "row 2: voter 'anna' voted on 'a.png' before, in row 2 of v1.csv",
        "row 3: voter 'anna' voted on 'b.png' before, in row 3 of v1.csv",
    )
    base = CaseBase.load(output)
    assert [case.votes for case in base.cases] == [{"lime": 1, "ig": 0}, {"lime": 0, "ig": 1}]
    assert base.revision == 1


def test_of_many_repeated_ballots_the_first_twenty_are_told_and_the_rest_counted(store, a_case):
    additions = [Addition(case=a_case(f"p{number}")) for number in range(30)]
    store.add_many(additions)
    with pytest.raises(VotesError, match="30 ballots") as caught:
        store.add_many(additions)
    assert len(caught.value.problems) == 21
    assert caught.value.problems[-1] == "... and 10 more"


def test_one_photo_under_two_names_takes_a_voter_once(votes, photos, tmp_path):
    folder = photos("a.png")
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes())
    path = votes("v.csv", "image,voter,lime\na.png,anna,1\nb.png,anna,1\n")
    with pytest.raises(VotesError, match=r"row 3: voter 'anna' voted on 'b\.png' before, in row 2 of v\.csv"):
        import_votes(path, folder, tmp_path / "base.cbr", source="human")
    assert not (tmp_path / "base.cbr").exists()


def test_retaining_one_voters_votes_twice_keeps_them_once(store, photos):
    folder = photos("a.png", "b.png", "c.png")
    histogram = default_registry().create("representation", "histogram")
    for name in ("a.png", "b.png"):
        image = open_image(folder / name)
        store.add(
            Case(id=name, image_sha256=image.sha256, ballots=[human(lime=1)]),
            features={histogram.fingerprint: histogram.describe(image.pixels[None])[0]},
            representations={histogram.fingerprint: use("histogram")},
        )
    recommender = configuration("hist-cos").fit(store.load())
    recommender = recommender.retain(folder / "c.png", {"LIME": 1}, store=store, voter="anna")
    with pytest.raises(VotesError, match=r"voter 'anna' voted on 'c\.png' before, in revision 3"):
        recommender.retain(folder / "c.png", {"lime": 1}, store=store, voter="anna")
    assert store.load().cases[-1].votes == {"lime": 1}


# One file, one import -------------------------------------------------------------------------------------


def test_a_store_takes_a_file_once(store, a_case):
    store.add_many([Addition(case=a_case("a"))], origin="v.csv", origin_sha256="ab")
    with pytest.raises(CaseBaseError, match=r"v2\.csv was imported already, as revision 1"):
        store.add_many([Addition(case=a_case("b"))], origin="v2.csv", origin_sha256="ab")
    assert store.load().ids == ("a",)


def test_the_tables_themselves_refuse_a_file_twice(store, a_case):
    store.add_many([Addition(case=a_case("a"))], origin="v.csv", origin_sha256="ab")
    with sqlite3.connect(store.path) as raw, pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        raw.execute("INSERT INTO changes VALUES (7, NULL, 'v.csv', 'ab')")
    raw.close()


def test_a_file_imported_before_is_told_before_its_photos_are_described(votes, photos, tmp_path):
    folder, path = photos("a.png"), votes("v.csv", "image,lime\na.png,1\n")
    import_votes(path, folder, tmp_path / "base.cbr", source="human")
    with pytest.raises(CaseBaseError, match="was imported already"):
        import_votes(
            path,
            folder,
            tmp_path / "base.cbr",
            source="human",
            append=True,
            progress=lambda done, total: pytest.fail("photos were opened"),
        )


AT_ONCE = textwrap.dedent("""
    import sys
    from cbrkit_xai.errors import CbrkitXaiError
    from cbrkit_xai.stores.embedded import CaseStore
    from cbrkit_xai.stores.importing import import_votes
    add_many = CaseStore.add_many
    def after_the_other_is_here(*arguments, **more):
        print("ready", flush=True)
        sys.stdin.readline()
        return add_many(*arguments, **more)
    CaseStore.add_many = after_the_other_is_here
    votes, folder, output = sys.argv[1:]
    try:
        import_votes(votes, folder, output, source="human", append=True)
    except CbrkitXaiError as error:
        print(error)
    else:
        print("imported")
""")


def test_two_processes_that_import_one_file_at_once_count_it_once(votes, photos, tmp_path):
    folder, output = photos("a.png"), tmp_path / "base.cbr"
    import_votes(votes("v1.csv", "image,lime\na.png,1\n"), folder, output, source="human")
    arguments = [votes("v2.csv", "image,lime\na.png,2\n"), folder, output]
    both = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ONCE, *map(os.fspath, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    assert [process.stdout.readline() for process in both] == ["ready\n"] * 2
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = sorted(process.communicate()[0].strip() for process in both)
    assert "v2.csv was imported already, as revision 2" in told[0]
    assert told[1] == "imported"
    base = CaseBase.load(output)
    assert (base.cases[0].votes, base.revision) == ({"lime": 3}, 2)


# People and judges ----------------------------------------------------------------------------------------


def test_a_store_refuses_votes_of_the_other_source(store, a_case):
    store.add(a_case("a", ballots=[human(lime=1)]))
    with pytest.raises(CaseBaseError) as caught:
        store.add(a_case("b", ballots=[judge(lime=1)]))
    assert str(caught.value) == (
        f"{store.path}: holds human votes, and these are automatic; allowed: votes of one source, unless"
        " mixing them is meant; keep them in a base of their own, or pass --allow-mixed (allow_mixed=True)"
    )
    assert store.load().ids == ("a",)


def test_a_store_refuses_what_is_mixed_in_itself(store, a_case):
    mixed = [Addition(case=a_case("a", ballots=[human(lime=1), judge(lime=1)]))]
    apart = [
        Addition(case=a_case(name, ballots=[made(lime=1)])) for name, made in (("a", judge), ("b", human))
    ]
    for additions in (mixed, apart):
        with pytest.raises(CaseBaseError, match=r"holds .* votes, and these are"):
            store.add_many(additions)
        assert len(store.load()) == store.revision == 0


def test_mixing_that_is_meant_is_done_and_has_to_be_meant_each_time(store, a_case):
    store.add_many([Addition(case=a_case(ballots=[human(lime=1), judge(ig=1)]))], allow_mixed=True)
    assert store.load().sources == {"human", "automatic"}
    with pytest.raises(CaseBaseError, match="holds automatic votes, and these are human"):
        store.add(a_case(ballots=[human(lime=1)]))


def test_a_case_without_votes_mixes_nothing(store, a_case):
    store.add(a_case("a", ballots=[judge(lime=1)]))
    store.add(a_case("b", ballots=[]))
    assert store.load().ids == ("a", "b")


def test_what_another_process_stored_meanwhile_is_seen(tmp_path, a_case):
    with CaseStore.create(tmp_path / "base.cbr") as mine, CaseStore.open(tmp_path / "base.cbr") as other:
        mine.load().refuse_mixing("human")
        other.add(a_case("a", ballots=[judge(lime=1)]))
        with pytest.raises(CaseBaseError, match="holds automatic votes, and these are human"):
            mine.add(a_case("b", ballots=[human(lime=1)]))
