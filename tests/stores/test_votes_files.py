"""Votes are read from whatever a spreadsheet writes, and all that is wrong is told at once."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrkit_xai.case import Ballot, Target
from cbrkit_xai.errors import CaseBaseError, ParameterError, VotesError
from cbrkit_xai.stores import votes_cells
from cbrkit_xai.stores.votes_files import read_votes

WIDE = "image,lime,anchors,ig,xrai\n"


class Net:
    fingerprint = "net"
    labels = ("tench", "Goldfish", "great white shark", "twin", "Twin")


@pytest.fixture
def read(tmp_path):
    def read(content, *, source="human", **more):
        path = tmp_path / "votes.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_votes(path, source=source, **more)

    return read


@pytest.fixture
def problems(read):
    def problems(content, **more):
        with pytest.raises(VotesError) as caught:
            read(content, **more)
        assert "votes.csv" in str(caught.value)
        return caught.value.problems or (str(caught.value),)

    return problems


def votes_of(table):
    return [(row.image, dict(row.ballot.votes)) for row in table.rows]


def test_a_blank_cell_says_not_asked_and_zero_says_no_vote(read):
    table = read(WIDE + "a.jpg,2,,0,1.5\n")
    assert votes_of(table) == [("a.jpg", {"lime": 2, "ig": 0, "xrai": 1.5})]
    assert table.methods == ("lime", "anchors", "ig", "xrai")
    assert table.rows[0].id == "a"
    assert table.rows[0].target is None
    assert table.rows[0].ballot.source == "human"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_any_spreadsheets_separators_line_ends_and_marks_are_read(read, delimiter, ending, mark):
    lines = ["image,lime,ig", '"a b.jpg", 3 ,0', "  é.jpg ,1,2", "", ",,", ""]
    content = ending.join(line.replace(",", delimiter) for line in lines)
    table = read(mark + content.encode())
    assert votes_of(table) == [("a b.jpg", {"lime": 3, "ig": 0}), ("é.jpg", {"lime": 1, "ig": 2})]
    assert [row.number for row in table.rows] == [2, 3]


def test_a_quoted_cell_may_hold_the_separator(read):
    assert votes_of(read('image,lime,ig\n"a,b.jpg",1,2\n')) == [("a,b.jpg", {"lime": 1, "ig": 2})]


def test_a_comma_is_a_decimal_point_where_it_separates_nothing(read):
    assert votes_of(read("image;lime;ig\na;2,5;1\n")) == [("a", {"lime": 2.5, "ig": 1})]


def test_empty_columns_at_the_end_do_not_matter(read):
    assert votes_of(read("image,lime,,\na,1,,\nb,2\n")) == [("a", {"lime": 1}), ("b", {"lime": 2})]


def test_a_method_has_one_name_however_a_header_writes_it(read):
    assert read("image,LIME, Grad CAM ,Grad_CAM++\na,1,1,1\n").methods == ("lime", "grad-cam", "grad-cam++")


def test_all_optional_columns_are_kept(read):
    header = "id,image,LIME,target,label,probability,classifier,voter,family\n"
    (row,) = read(header + "c1,a.jpg,1,3,cat,0.5,net/1,blur,insertion\n", source="automatic").rows
    assert (row.id, row.number, row.image) == ("c1", 2, "a.jpg")
    assert row.target == Target(classifier="net/1", index=3, label="cat", probability=0.5)
    assert row.ballot == Ballot(votes={"lime": 1}, source="automatic", voter="blur", family="insertion")


def test_a_classifier_fills_in_whose_class_it_is_and_its_name(read):
    (row,) = read("image,lime,target,confidence\na,1,2,0.5\n", classifier=Net()).rows
    assert row.target == Target(classifier="net", index=2, label="great white shark", probability=0.5)


def test_a_class_name_is_enough_where_the_classifier_is_known(read):
    (row,) = read("image,lime,label\na,1,goldfish\n", classifier=Net()).rows
    assert row.target == Target(classifier="net", index=1, label="Goldfish")


def test_several_voters_may_judge_one_photo(read):
    table = read("image,lime,voter\na,1,anna\na,0,ben\n")
    assert [(row.id, row.ballot.voter) for row in table.rows] == [("a", "anna"), ("a", "ben")]


def test_one_photo_may_be_judged_for_several_classes(read):
    table = read("image,lime,target,classifier\na,1,1,n\na,1,2,n\na,1,2,m\n")
    assert len({(row.target.classifier, row.target.index) for row in table.rows}) == 3


def test_the_predecessors_rows_are_one_vote_each(read, photos):
    folder = photos("000000000009.jpg", "cat.png")
    rows = [
        "id;classification;confidence;method",
        "9;tench;0,91;LIME",
        "9;tench;0.91;XRAI",
        "cat;Goldfish;1;LIME",
    ]
    content = "\r\n".join(rows)
    table = read(content, images=folder, classifier=Net())
    assert table.methods == ("lime", "xrai")
    assert [(row.id, row.path.name, dict(row.ballot.votes)) for row in table.rows] == [
        ("000000000009", "000000000009.jpg", {"lime": 1, "xrai": 0}),
        ("000000000009", "000000000009.jpg", {"lime": 0, "xrai": 1}),
        ("cat", "cat.png", {"lime": 1, "xrai": 0}),
    ]
    assert table.rows[0].target == Target(classifier="net", index=0, label="tench", probability=0.91)


def test_a_separator_at_the_end_of_the_predecessors_rows_loses_no_vote(read):
    table = read("id;classification;confidence;method;\na;tench;0.9;lime;\nb;tench;0.9;xrai\n")
    assert table.methods == ("lime", "xrai")
    assert votes_of(table) == [("a", {"lime": 1, "xrai": 0}), ("b", {"lime": 0, "xrai": 1})]


def test_the_predecessors_classes_are_left_out_where_no_classifier_knows_them(read):
    (row,) = read("id;classification;confidence;method\na;tench;0.9;lime\n").rows
    assert row.target is None


@pytest.mark.parametrize(
    "value", ["-1", "x", "nan", "inf", "1e3", "1_0", "١", "True", "9" * 400, "1,5,", "0x1", "+1", "."]
)
def test_what_is_no_number_of_votes_is_told_with_row_and_method(problems, value):
    (problem,) = problems(f'image,lime,ig\na,1,1\nb,"{value}",1\n')
    assert problem.startswith("row 3: lime: ")
    assert "is not a number of votes" in problem


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        ("\n\n,,\n", "is empty"),
        (WIDE, "has a header, but no rows"),
        (WIDE + "\n,,,,\n", "has a header, but no rows"),
        ("lime,ig\n1,2\n", "row 1: no column 'image' (found: 'lime', 'ig')"),
        ("image\na\n", "row 1: no column of votes"),
        ("image,voter\na,b\n", "row 1: no column of votes"),
        ("image,,lime\na,,1\n", "row 1: column 2 has no name"),
        ("image,IG,lime,ig\na,1,1,1\n", "row 1: columns 2 and 4 are both 'ig'"),
        ("image,probability,confidence,ig\na,1,1,1\n", "row 1: columns 2 and 3 are both 'probability'"),
        (WIDE + "a,1,1\n", "row 2: has 3 cells, the header has 5"),
        (WIDE + "a,1,1,1,1,1\n", "row 2: has 6 cells, the header has 5"),
        (WIDE + ",1,1,1,1\n", "row 2: no image is named"),
        (WIDE + "a,,,,\n", "row 2: no votes"),
        (WIDE + "a,1,1,1,1\n\nb,1,1,1,1\na,2,2,2,2\n", "row 5: 'a' with no voter is in row 2 already"),
        ("image,ig,voter\na,1,v\na,1,v\n", "row 3: 'a' with voter 'v' is in row 2 already"),
        ("image,ig,id\na,1,x\nb,1,x\n", "row 3: id 'x' is another photo's in row 2"),
        ("image,ig,id,voter\na,1,x,v\na,1,y,w\n", "row 3: 'a' has the id 'x' in row 2"),
        ("image,ig,target\na,1,3\n", "row 2: target: whose class this is isn't said"),
        ("image,ig,target,classifier\na,1,-3,n\n", "row 2: target: '-3' is not the index of a class"),
        ("image,ig,target,classifier\na,1,1.5,n\n", "row 2: target: '1.5' is not the index"),
        ("image,ig,probability\na,1,1.5\n", "row 2: probability: '1.5' is not a probability"),
        ("image,ig,probability\na,1,high\n", "row 2: probability: 'high' is not a probability"),
        (
            "id;classification;confidence;method\na;cat;2;lime\n",
            "row 2: confidence: '2' is not a probability",
        ),
        ("id;classification;confidence;method\na;cat;1;\n", "row 2: no method is named"),
        ("id;classification;confidence;method\na;cat;1\n", "row 2: has 3 cells"),
        ("id;classification;confidence;method\n;cat;1;lime\n", "row 2: no photo is named"),
        ("image,lime\na,1\n".encode("utf-16"), "row 1: byte 0xff is not UTF-8"),
        ("image,lime\na,1\né.jpg,1\n".encode("latin-1"), "row 3: byte 0xe9 is not UTF-8"),
        ('image,lime\na,1\n"b,1\nc,2\n', "row 3: has 1 cells"),
    ],
)
def test_a_mistake_is_told_with_its_row(problems, content, told):
    (problem,) = problems(content)
    assert told in problem


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("image,ig,target\na,1,5\n", "row 2: target: 5 is not the index of a class (allowed: 0 to 4)"),
        (
            "image,ig,label\na,1,goldfisch\n",
            "'goldfisch' names no class of the classifier, did you mean 'goldfish'?",
        ),
        ("image,ig,label\na,1,twin\n", "'twin' names more than one class"),
        (
            "id;classification;confidence;method\na;carp;1;ig\n",
            "row 2: classification: 'carp' names no class",
        ),
    ],
)
def test_a_class_that_the_classifier_does_not_have_is_told(problems, content, told):
    (problem,) = problems(content, classifier=Net())
    assert told in problem


def test_row_numbers_are_an_editors(problems):
    content = 'image,lime\n\n"a\nb",1\n\nc,x\n'
    (problem,) = problems(content)
    assert problem.startswith("row 6: ")


def test_all_problems_are_told_together_in_the_order_of_rows(problems, photos):
    folder = photos("a.jpg", "b.jpg")
    told = problems("image,lime,ig\na.jpg,x,-1\nc.jpg,1,1\nb.jpg,,\na.jpg,1,1,1\n", images=folder)
    assert [problem.partition(":")[0] for problem in told] == ["row 2", "row 2", "row 3", "row 4", "row 5"]


def test_of_many_problems_the_first_twenty_are_told_and_the_rest_counted(problems):
    told = problems("image,lime\n" + "".join(f"{n},x\n" for n in range(55)))
    assert len(told) == 21
    assert told[-1] == "... and 35 more"


def test_photos_are_found_by_path_name_without_ending_or_number(read, photos):
    folder = photos("a.jpg", "b.png", "sub/c.jpg", "000000000012.jpg")
    table = read("image,lime\na.jpg,1\nb,1\nsub/c.jpg,1\n12,1\n", images=folder)
    assert [row.path.relative_to(folder).as_posix() for row in table.rows] == [
        "a.jpg",
        "b.png",
        "sub/c.jpg",
        "000000000012.jpg",
    ]


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("a.jpeg", "no photo 'a.jpeg' in"),
        ("a.jpeg", "did you mean 'a.jpg'?"),
        ("two", "'two' could be any of two.jpg, two.png"),
        ("../votes.csv", "is not inside the folder of photos"),
        ("/etc/passwd", "is not inside the folder of photos"),
        ("x" * 5000, "no photo 'xxx"),
        ("sub", "no photo 'sub'"),
    ],
)
def test_a_photo_that_is_not_found_is_told(problems, photos, image, told):
    folder = photos("a.jpg", "two.jpg", "two.png", "sub/c.jpg")
    (problem,) = problems(f"image,lime\n{image},1\n", images=folder)
    assert problem.startswith("row 2: ")
    assert told in problem


def test_a_file_or_folder_that_is_not_there_says_so(tmp_path, read):
    with pytest.raises(VotesError, match="cannot be read"):
        read_votes(tmp_path / "no.csv", source="human")
    with pytest.raises(VotesError, match="cannot be read"):
        read_votes(tmp_path, source="human")
    with pytest.raises(CaseBaseError, match="is not a folder"):
        read(WIDE + "a,1,1,1,1\n", images=tmp_path / "no")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs POSIX devices")
def test_a_device_is_refused_at_once():
    with pytest.raises(VotesError, match=r"^/dev/zero: cannot be read \(it is a pipe, socket or device\)"):
        read_votes("/dev/zero", source="human")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX pipes")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "votes.csv")
    with pytest.raises(VotesError, match="it is a pipe, socket or device"):
        read_votes(tmp_path / "votes.csv", source="human")


def test_a_file_larger_than_any_votes_is_refused_unread(tmp_path):
    with (tmp_path / "votes.csv").open("wb") as file:
        file.truncate(votes_cells.MOST_BYTES + 1)
    with pytest.raises(VotesError) as caught:
        read_votes(tmp_path / "votes.csv", source="human")
    assert str(caught.value) == (
        f"{tmp_path / 'votes.csv'}: has 50,000,001 bytes; allowed: at most 50,000,000 bytes;"
        " name a CSV file with votes, or split it"
    )


def test_whose_votes_these_are_has_to_be_said(read):
    with pytest.raises(ParameterError, match="'human' or 'automatic'"):
        read(WIDE + "a,1,1,1,1\n", source="people")


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=80) | st.text('image,;\t\n\r"limeg01.-é ', max_size=80).map(str.encode))
def test_no_file_makes_anything_but_a_table_or_one_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    try:
        table = read_votes(path, source="human")
    except VotesError as error:
        assert str(path) in str(error)
    else:
        assert table.rows
