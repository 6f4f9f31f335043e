"""The command that repeats an evaluation says all that differs from a default, and owns to what it cannot."""

from __future__ import annotations

import shlex
from typing import Any

import attrs
import numpy as np
import pytest

import cbrkit_xai as cx
from cbrkit_xai.cases import Cases
from cbrkit_xai.cli.evaluate import command as evaluate_command
from cbrkit_xai.cli.evaluation_choices import chosen_k, named_configurations
from cbrkit_xai.evaluation.holding_out.dealing import deal
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.questions.answering import answers
from cbrkit_xai.evaluation.report.repeat_section import repeat_section
from cbrkit_xai.evaluation.report.repeating import repeating
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.running.selecting import selected_by

SHIPPED = cx.configuration("hist-cos", profile="paper2022", organizer="dbscan-prototypes")
METHODS = ("lime", "xrai")


def evaluation_of(*configurations, protocol=None, ks=(1, 2, 5), asked=True):
    """Return an evaluation whose predictions were made up."""
    rng = np.random.default_rng(0)
    n, protocol = 24, protocol or Protocol(folds=3, repeats=2)
    cases = Cases(
        ids=[f"case-{row:02d}" for row in range(n)],
        features=np.zeros((n, 1)),
        votes=rng.integers(0, 5, size=(n, 2)).astype(float),
        methods=METHODS,
    )
    folds = deal(Groups(labels=np.arange(n)), ["a"] * n, protocol)
    many: dict[str, Any] = {
        "weight_squares": np.full((folds.repeats, n, len(ks)), 0.5),
        "entries": np.full((folds.repeats, folds.per_repeat), 9),
    }
    inner = rng.uniform(size=(folds.repeats, folds.per_repeat, len(ks))) if asked else None
    runs = [
        Run(
            label=one.label,
            role="configuration",
            ks=ks,
            predicted=rng.uniform(0, 4, size=(folds.repeats, n, len(ks), 2)),
            configuration=one,
            inner=inner,
            **many,
        )
        for one in configurations
    ]
    mean = attrs.evolve(
        runs[0],
        label="global-mean",
        role="baseline",
        ks=(0,),
        predicted=runs[0].predicted[:, :, :1],
        weight_squares=many["weight_squares"][:, :, :1],
        configuration=None,
        inner=None,
    )
    return Evaluation(
        name="made up",
        provenance="votes: people",
        is_automatic=False,
        cases=cases,
        effective_voters=np.ones(n),
        classes=[""] * n,
        protocol=protocol,
        groups=Groups(labels=np.arange(n)),
        folds=folds,
        runs=[*runs, mean],
        versions={},
        hashes={},
    )


def read(found):
    """Return what the command line understands of a command."""
    words = shlex.split(found.command)
    assert words[:3] == ["cbrkit-xai", "evaluate", "BASE"]
    return evaluate_command.make_context("evaluate", words[2:]).params


OTHER = {
    "folds": {"folds": 4},
    "repeats": {"repeats": 3},
    "held_out": {"scheme": "hold-out", "held_out": 1 / 3},
    "scheme": {"scheme": "leave-one-group-out"},
    "seed": {"seed": 7},
    "cluster_scope": {"cluster_scope": "global"},
    "latent_cosine": {"latent_cosine": 0.123456789},
    "phash_distance": {"phash_distance": 0},
}


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Protocol)])
def test_every_field_of_the_protocol_comes_back_from_the_command(name):
    protocol = Protocol(**{"folds": 3, "repeats": 2, **OTHER[name]})
    assert getattr(protocol, name) != getattr(Protocol(), name)
    told = read(repeating(evaluation_of(SHIPPED, protocol=protocol)))
    assert told[name] == getattr(protocol, name)


def test_what_was_asked_comes_back_from_the_command():
    evaluation = evaluation_of(SHIPPED)
    asked = answers(evaluation, margin=1 / 7, alpha=0.2, k="selected")
    told = read(repeating(evaluation, 5, asked, 1 / 7))
    assert (told["margin"], told["alpha"], told["permutations"]) == (1 / 7, 0.2, 5)
    assert chosen_k(told["ks"]) == ((1, 2, 5), "selected")
    plain = read(repeating(evaluation, 0, answers(evaluation)))
    assert (plain["margin"], plain["alpha"], chosen_k(plain["ks"])) == (None, 0.05, ((1, 2, 5), None))


def test_clusters_that_were_selected_by_votes_are_asked_for_so():
    linear = cx.configuration("hist-cos", profile="paper2022", organizer="linear")
    made = selected_by("votes", [linear, SHIPPED])
    told = read(repeating(evaluation_of(*made)))
    assert told["select_by"] == "votes"
    names = told["configurations"].split(",")
    assert selected_by("votes", named_configurations(names, None, None)) == made


def test_clusters_of_which_some_were_selected_by_votes_alone_cannot_be_asked_for():
    by_votes = selected_by("votes", [SHIPPED])[0]
    found = repeating(evaluation_of(by_votes, SHIPPED))
    assert read(found)["select_by"] == "silhouette"
    assert by_votes.hash in " ".join(found.exceptions)


@pytest.mark.parametrize(
    "composed",
    [
        SHIPPED.evolve(k=SHIPPED.k + 1),
        SHIPPED.evolve(organizer=cx.use("k-means-prototypes", n_clusters=4)),
        SHIPPED.evolve(name="nobody-ships-it"),
    ],
)
def test_what_is_not_shipped_under_its_label_is_told_with_its_hash_and_stands_for_a_file(composed, tmp_path):
    section = repeat_section(evaluation_of(SHIPPED.evolve(organizer="linear"), composed))
    told = " ".join(section["exceptions"])
    assert f"{composed.label} was composed in Python or in a file; hash {composed.hash}" in told
    assert "the same bytes" not in section["remark"]
    words = shlex.split(section["command"])
    first, second = words[words.index("--configurations") + 1].split(",")
    file = tmp_path / second
    file.write_text(composed.to_toml(), encoding="utf-8")
    assert [one.hash for one in named_configurations([str(file)], None, None)] == [composed.hash]
    assert first == "hist-cos/linear@paper2022"


def test_what_is_shipped_is_promised_the_same_bytes():
    evaluation = evaluation_of(SHIPPED)
    stated = attrs.evolve(evaluation.configurations[0], confidence=object())
    evaluation = attrs.evolve(evaluation, runs=[stated, *evaluation.baselines])
    section = repeat_section(evaluation)
    assert section["exceptions"] == ()
    assert "the same bytes" in section["remark"]


def test_what_the_command_does_besides_is_told():
    told = " ".join(repeating(evaluation_of(SHIPPED, asked=False)).exceptions)
    assert "confidence=False" in told
    assert "nested=False" in told


def test_a_k_that_was_stated_in_python_is_told():
    evaluation = evaluation_of(SHIPPED)
    other = next(k for k in (1, 2) if k != SHIPPED.k)
    assert "stated in Python" in " ".join(repeating(evaluation, 0, answers(evaluation, k=other)).exceptions)
    assert "stated in Python" not in " ".join(repeating(evaluation, 0, answers(evaluation)).exceptions)


def test_each_configurations_own_k_is_evaluated_without_being_asked_for():
    one, other = SHIPPED.evolve(k=7), SHIPPED.evolve(organizer="linear", k=9)
    first = evaluation_of(one, other, ks=(1, 2, 7))
    runs = [first.runs[one.label], attrs.evolve(first.runs[other.label], ks=(1, 2, 9))]
    found = repeating(attrs.evolve(first, runs=runs))
    assert read(found)["ks"] == "1:2"
    assert "other k" not in " ".join(found.exceptions)
    runs[1] = attrs.evolve(runs[1], ks=(1, 2, 3))
    assert "other k" in " ".join(repeating(attrs.evolve(first, runs=runs)).exceptions)
