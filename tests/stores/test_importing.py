"""An import is whole or not at all."""

import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from cbrkit_xai import CaseBase, CaseStore, open_image, use
from cbrkit_xai.case import Ballot, Target
from cbrkit_xai.errors import CaseBaseError, VotesError
from cbrkit_xai.stores.describing import stored_form
from cbrkit_xai.stores.importing import import_votes


class Means:
    """Mean of each colour, as it is or divided by a number."""

    def __init__(self, by=1):
        self.by = by
        self.fingerprint = f"means/{by}"

    @property
    def stored_as(self):
        return Means() if self.by != 1 else None

    def describe(self, images):
        return (images.mean(axis=(1, 2)) / self.by).astype(np.float32)


@pytest.fixture
def votes(tmp_path):
    def write(text, name="votes.csv"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


@pytest.fixture
def output(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "base.cbr"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_each_photo_becomes_a_case_with_its_votes_and_features(votes, photos, output):
    folder = photos("a.png", "b.png")
    seen = []
    base = import_votes(
        votes("image,lime,ig,voter\na.png,1,0,anna\nb.png,,2,anna\na.png,0,1,ben\n"),
        folder,
        output,
        source="human",
        representations={"means/1": Means()},
        uses={"means/1": use("means")},
        name="Study 1",
        about="people",
        progress=lambda done, total: seen.append((done, total)),
    )
    assert base.ids == ("a", "b")
    assert base.cases[0].ballots == (
        Ballot(votes={"lime": 1, "ig": 0}, source="human", voter="anna"),
        Ballot(votes={"lime": 0, "ig": 1}, source="human", voter="ben"),
    )
    assert base.cases[1].votes == {"ig": 2}
    for case in base.cases:
        image = open_image(folder / f"{case.id}.png")
        assert (case.image_sha256, case.image_name) == (image.sha256, image.name)
        np.testing.assert_array_equal(
            base.features["means/1"][image.sha256], Means().describe(image.pixels[None])[0]
        )
    assert base.representations == {"means/1": use("means")}
    assert (base.name, base.about, base.revision) == ("Study 1", "people", 1)
    assert seen == [(1, 2), (2, 2)]
    assert names(output.parent) == ["base.cbr"]


def test_a_normalised_representation_is_stored_as_what_it_is_derived_from(votes, photos, output):
    base = import_votes(
        votes("image,lime\na.png,1\n"),
        photos("a.png"),
        output,
        source="human",
        representations={"means/2": Means(2), "means/1": Means()},
        uses={"means/2": use("means", by=2)},
    )
    assert list(base.features) == ["means/1"]
    assert base.representations == {"means/1": use("means", by=1)}


def test_the_stored_form_of_another_class_has_no_known_use():
    class Other(Means):
        stored_as = Means()

    stored, choice = stored_form(Other(), use("other", by=2))
    assert type(stored) is Means
    assert choice is None


def test_photos_are_found_again_by_their_path(votes, photos, output):
    base = import_votes(votes("image,lime\na.png,1\n"), photos("a.png"), output, source="human")
    image = base.pictures.open(base.cases[0].image_sha256)
    assert image.name == "a.png"
    assert not base.pictures.embedded


def test_embedded_pixels_need_no_folder(votes, photos, output):
    folder = photos("a.png")
    pixels = open_image(folder / "a.png").pixels
    base = import_votes(votes("image,lime\na.png,1\n"), folder, output, source="human", embed=True)
    (folder / "a.png").unlink()
    np.testing.assert_array_equal(base.pictures.open(base.cases[0].image_sha256).pixels, pixels)


def test_targets_come_from_the_file(votes, photos, output):
    text = "image,lime,target,label,probability,classifier\na.png,1,4,cat,0.5,net\na.png,1,5,dog,,net\n"
    base = import_votes(votes(text), photos("a.png"), output, source="automatic")
    assert [case.target for case in base.cases] == [
        Target(classifier="net", index=4, label="cat", probability=0.5),
        Target(classifier="net", index=5, label="dog"),
    ]
    assert base.ids == ("a", "a-2")


def test_votes_and_photos_that_cannot_be_used_are_told_together_and_nothing_is_made(votes, photos, output):
    folder = photos("a.png", "b.png")
    (folder / "text.png").write_text("no photo")
    text = "image,lime\na.png,1\ntext.png,1\nb.png,-1\nno.png,1\n"
    with pytest.raises(VotesError) as caught:
        import_votes(votes(text), folder, output, source="human")
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["row 3", "row 4", "row 5"]
    assert "text.png" in caught.value.problems[0]
    assert names(output.parent) == []


def test_an_output_that_is_there_is_refused_before_anything_is_read(votes, photos, output):
    output.write_text("mine")
    with pytest.raises(CaseBaseError, match="is there already"):
        import_votes("no such file", "no such folder", output, source="human")
    assert output.read_text() == "mine"


@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("where", ["describing", "storing"])
def test_ctrl_c_leaves_the_old_base_or_nothing(votes, photos, output, monkeypatch, append, where):
    class Interrupted(Means):
        calls = 0

        def describe(self, images):
            Interrupted.calls += 1
            if where == "describing" and Interrupted.calls == 2:
                raise KeyboardInterrupt
            return super().describe(images)

    folder = photos("a.png", "b.png", "c.png")
    if append:
        import_votes(votes("image,lime\na.png,1\n", "first.csv"), folder, output, source="human")
    if where == "storing":
        from cbrkit_xai.stores import embedded

        def interrupted(*arguments, **more):
            Interrupted.calls += 1
            if Interrupted.calls == 4:
                raise KeyboardInterrupt
            return write_case(*arguments, **more)

        write_case = embedded.write_case
        monkeypatch.setattr(embedded, "write_case", interrupted)
    with pytest.raises(KeyboardInterrupt):
        import_votes(
            votes("image,lime\nb.png,1\nc.png,1\n"),
            folder,
            output,
            source="human",
            append=append,
            representations={"means/1": Interrupted()},
        )
    assert names(output.parent) == (["base.cbr"] if append else [])
    if append:
        base = CaseBase.load(output)
        assert (base.ids, base.revision, dict(base.features)) == (("a",), 1, {})


KILLED = textwrap.dedent("""
    import sys, time
    from cbrkit_xai.stores import embedded
    from cbrkit_xai.stores.importing import import_votes
    votes, folder, output, append = sys.argv[1:]
    write_case, count = embedded.write_case, 0
    def slow(*arguments, **more):
        global count
        count += 1
        if count == 3:
            print("two are written", flush=True)
            time.sleep(60)
        return write_case(*arguments, **more)
    embedded.write_case = slow
    import_votes(votes, folder, output, source="human", append=append == "append")
""")


@pytest.mark.parametrize("append", ["new", "append"])
def test_a_killed_import_leaves_the_old_base_or_nothing(votes, photos, output, append):
    folder = photos("a.png", "b.png", "c.png", "d.png")
    if append == "append":
        import_votes(votes("image,lime\na.png,1\n", "first.csv"), folder, output, source="human")
    arguments = [votes("image,lime\nb.png,1\nc.png,1\nd.png,1\n"), folder, output, append]
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, *map(os.fspath, arguments)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "two are written\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    if append == "append":
        base = CaseBase.load(output)
        assert (base.ids, base.revision) == (("a",), 1)
    else:
        assert not output.exists()
    import_votes(votes("image,lime\nb.png,1\n"), folder, output, source="human", append=append == "append")
    assert "b" in CaseBase.load(output).ids


def test_appending_adds_cases_and_gives_known_ones_the_votes(votes, photos, output):
    folder = photos("a.png", "b.png")
    import_votes(votes("image,lime\na.png,1\n", "first.csv"), folder, output, source="human")
    base = import_votes(votes("image,lime\nb.png,1\na.png,2\n"), folder, output, source="human", append=True)
    assert {case.id: case.votes for case in base.cases} == {"a": {"lime": 3}, "b": {"lime": 1}}
    assert base.revision == 2


def test_the_same_file_is_not_imported_twice(votes, photos, output):
    path, folder = votes("image,lime\na.png,1\n"), photos("a.png")
    import_votes(path, folder, output, source="human")
    with pytest.raises(CaseBaseError, match=r"votes\.csv was imported already, as revision 1"):
        import_votes(path, folder, output, source="human", append=True)
    assert CaseBase.load(output).cases[0].votes == {"lime": 1}


def test_votes_of_people_and_judges_come_together_only_if_it_is_meant(votes, photos, output):
    folder = photos("a.png")
    import_votes(votes("image,lime\na.png,1\n", "people.csv"), folder, output, source="human")
    judged = votes("image,lime\na.png,2\n")
    with pytest.raises(CaseBaseError, match="holds human votes, and these are automatic"):
        import_votes(judged, folder, output, source="automatic", append=True)
    base = import_votes(judged, folder, output, source="automatic", append=True, allow_mixed=True)
    assert base.sources == {"human", "automatic"}


def test_appending_to_what_is_not_there_says_so(votes, photos, output):
    with pytest.raises(CaseBaseError, match="does not exist"):
        import_votes(votes("image,lime\na.png,1\n"), photos("a.png"), output, source="human", append=True)


def test_one_photo_under_two_names_is_one_case(votes, photos, output):
    folder = photos("a.png")
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes())
    base = import_votes(votes("image,lime\na.png,1\nb.png,2\n"), folder, output, source="human")
    assert [(case.id, case.votes) for case in base.cases] == [("a", {"lime": 3})]


def test_importing_gives_what_adding_one_by_one_gives(votes, photos, output, tmp_path):
    folder = photos("a.png", "b.png")
    base = import_votes(
        votes("image,lime\na.png,1\nb.png,0\n"),
        folder,
        output,
        source="human",
        representations={"means/1": Means()},
    )
    with CaseStore.create(tmp_path / "other.cbr") as store:
        for case in base.cases:
            store.add(case, features={"means/1": base.features["means/1"][case.image_sha256]})
        assert store.load().content_hash == base.content_hash
