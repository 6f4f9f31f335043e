"""`cbrkit-xai configuration`: grids are listed, and the schema is written."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from cbrkit_xai.cli import _run
from cbrkit_xai.configuration_schema import configuration_schema

STUDY = (
    'extends = "lf-cos"\nname = "study"\n[grid]\norganizer = ["linear", "dbscan-prototypes"]\nk = [1, 5]\n'
)
LABELS = [
    "study[organizer=linear,k=1]/linear@recommended",
    "study[organizer=linear,k=5]/linear@recommended",
    "study[organizer=dbscan-prototypes,k=1]/dbscan-prototypes@recommended",
    "study[organizer=dbscan-prototypes,k=5]/dbscan-prototypes@recommended",
]


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.toml").write_text(STUDY)


@pytest.fixture
def here(capsys):
    """Run the command line in this process; returns exit code, standard output and standard error."""

    def run_here(*arguments):
        code = _run(list(arguments))
        return (code, *capsys.readouterr())

    return run_here


def test_show_lists_what_a_grid_makes(here, study):
    code, printed, _ = here("configuration", "show", "study.toml")
    assert code == 0
    assert printed.splitlines() == ["# 4 configurations", *LABELS]


def test_show_gives_each_of_a_grid_as_json(here, study):
    made = json.loads(here("configuration", "show", "study.toml", "--json")[1])["grid"]
    assert [one["label"] for one in made] == LABELS
    assert [one["k"] for one in made] == [1, 5, 1, 5]
    assert made[2]["organizer"] == {"use": "dbscan-prototypes"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "study.toml", "-k", "3"], "--organizer and -k go with one configuration"),
        (["show", "study.toml", "--profile", "paper2022"], "--profile goes with a configuration's name"),
        (
            ["show", "sudy.toml"],
            "sudy.toml: cannot be read: No such file or directory; allowed: a TOML file, ",
        ),
        (["schema", "-o", "study.toml"], "study.toml: is there already and is no such schema"),
        (["schema", "-o", "nowhere/schema.json"], "nowhere/schema.json: cannot be written: No such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_exit_code_2(here, study, arguments, message):
    code, _, said = here("configuration", *arguments)
    assert code == 2
    assert said.startswith(f"cbrkit-xai: {message}")
    assert len(said.splitlines()) == 1


def test_recommending_by_a_grid_is_refused_before_the_photo_is_looked_at(here, study):
    code, _, said = here("recommend", "no-such-photo.jpg", "-c", "study.toml")
    assert code == 2
    assert "the [grid] of study.toml makes 4 configurations; allowed: one configuration here" in said


def test_the_schema_is_printed_or_written_and_a_schema_may_be_written_anew(here, tmp_path):
    _, printed, _ = here("configuration", "schema")
    assert json.loads(printed) == json.loads(json.dumps(configuration_schema()))
    file = tmp_path / "schema.json"
    for _ in range(2):
        assert here("configuration", "schema", "-o", str(file))[1] == f"written to {file}\n"
    assert file.read_text(encoding="utf-8") == printed


def test_making_the_schema_loads_nothing_heavy():
    code = (
        "import sys\nfrom cbrkit_xai.cli import _run\n_run(['configuration', 'schema'])\n"
        "heavy = ('scipy', 'sklearn', 'skimage', 'PIL', 'tensorflow', 'onnxruntime', 'jsonschema')\n"
        "print('LOADED', [name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("LOADED []")
