"""What an evaluation has found: every prediction for every held-out case, typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, TypeAlias

import attrs

from cbrkit_xai.cases import Cases
from cbrkit_xai.configurations import Configuration
from cbrkit_xai.errors import ParameterError, nearest_spelling
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.retest import Retest
from cbrkit_xai.features import Array, frozen_floats, frozen_integers
from cbrkit_xai.freezing import texts

Role: TypeAlias = Literal["configuration", "baseline"]

GLOBAL_MEAN = "global-mean"
"""The baseline that skill and margins are measured against: the training cases' mean votes."""

PARTS_THAT_LEAK = ("organizer", "metric", "aggregator")
"""In what of a configuration held-out photos can have a say, where all cases are organised at once."""

UNIFORM = "uniform"
"""The baseline that gives every method the same share of the votes."""


def _whole_numbers(values: Iterable[int]) -> tuple[int, ...]:
    return tuple(values)


@attrs.frozen(kw_only=True, eq=False)
class StatedConfidence:
    """What the fitted recommender of each fold of the first repeat stated about its held-out cases.

    Parameters
    ----------
    k : int
        Neighbours that the statements rest on.
    p_best : array of shape (n, methods)
        P(best); NaN where nothing was stated.
    in_set : array of shape (n, methods)
        1.0 where the method is in the conformal set, 0.0 where not; NaN where no set was stated.
    out_of_experience : array of shape (n,)
        1.0 where the photo is unlike its training cases; NaN where the case was not held out.
    skill : tuple of float
        Per fold, as the recommender states it; NaN where it states none.
    problems : tuple of str
        A sentence for each fold in which nothing could be stated.
    """

    k: int
    p_best: Array = attrs.field(converter=frozen_floats)
    in_set: Array = attrs.field(converter=frozen_floats)
    out_of_experience: Array = attrs.field(converter=frozen_floats)
    skill: tuple[float, ...] = ()
    problems: tuple[str, ...] = attrs.field(default=(), converter=texts)


@attrs.frozen(kw_only=True, eq=False)
class Run:
    """One predictor, and what it predicted for each held-out case.

    Parameters
    ----------
    label : str
        `name/organizer@profile` of a configuration, or a baseline's name.
    role : {"configuration", "baseline"}
        What it is.
    ks : tuple of int
        Numbers of neighbours; `(0,)` for a predictor that has none.
    predicted : array of shape (repeats, n, ks, methods)
        float64 votes; NaN where the case was not held out, or nothing could be predicted.
    weight_squares : array of shape (repeats, n, ks)
        Sum over the training cases of the square of each one's total weight in the prediction, by which
        the null law is drawn; NaN where it is unknown.
    entries : array of shape (repeats, folds)
        int64 entries of the index; 0 where it could not be organised, and for a baseline without one.
    problems : tuple of str
        A sentence for each thing that failed, such as a fold that could not be organised.
    configuration : Configuration, optional
        What was evaluated.
    substituted : str
        What stands in the place of what the profile's name promises; empty if nothing does.
    clustered : bool
        Whether the entries are prototypes.
    leaks : tuple of str
        The parts, of `PARTS_THAT_LEAK`, in which held-out photos had a say, so that the errors are too
        small; empty where they had none.
    confidence : StatedConfidence, optional
        Where the recommender was asked for it.
    inner : array of shape (repeats, folds, ks), optional
        Mean squared errors of an inner cross-validation of each fold's training cases, by which a k or a
        configuration is chosen without the cases that it is judged on; NaN where it was not possible.
    nearest : array of shape (repeats, n), optional
        int64 row of the one training case whose votes are the nearest entry's, on which a prediction of one
        neighbour rests; -1 where that is a prototype of several, and where the case was not held out.
    """

    label: str
    role: Role
    ks: tuple[int, ...] = attrs.field(converter=_whole_numbers)
    predicted: Array = attrs.field(converter=frozen_floats)
    weight_squares: Array = attrs.field(converter=frozen_floats)
    entries: Array = attrs.field(converter=frozen_integers)
    problems: tuple[str, ...] = attrs.field(default=(), converter=texts)
    configuration: Configuration | None = None
    substituted: str = ""
    clustered: bool = False
    leaks: tuple[str, ...] = attrs.field(default=(), converter=texts)
    confidence: StatedConfidence | None = None
    inner: Array | None = attrs.field(default=None, converter=attrs.converters.optional(frozen_floats))
    nearest: Array | None = attrs.field(default=None, converter=attrs.converters.optional(frozen_integers))

    @property
    def is_complete(self) -> bool:
        """Whether every case that was held out was predicted; decisions are made about such runs alone."""
        return not self.problems

    def at(self, k: int) -> Array:
        """Return the predictions `(repeats, n, methods)` with k neighbours.

        Raises
        ------
        ParameterError
            It was not evaluated with that k.
        """
        if k not in self.ks:
            raise ParameterError(
                f"{self.label} was not evaluated with k={k}",
                where="k",
                allowed=", ".join(map(str, self.ks)),
            )
        return self.predicted[:, :, self.ks.index(k)]


@attrs.frozen(kw_only=True)
class Timing:
    """How long a stage of one repeat took; no other result depends on it.

    Parameters
    ----------
    label : str
        Of the run.
    repeat : int
        Counted from 0; -1 for what is done once for all.
    stage : str
        Such as "organise".
    seconds : float
        Of wall time, summed over the repeat's folds.
    """

    label: str
    repeat: int
    stage: str
    seconds: float


def _runs(values: Sequence[Run] | Mapping[str, Run]) -> Mapping[str, Run]:
    runs = values.values() if isinstance(values, Mapping) else values  # a mapping is what `evolve` passes on
    return MappingProxyType({run.label: run for run in runs})


@attrs.frozen(kw_only=True, eq=False)
class Evaluation:
    """All predictions of one evaluation, and what they have to be compared with.

    Parameters
    ----------
    name : str
        Of the case base.
    provenance : str
        Whose votes these are, in the words that stand wherever they are used.
    is_automatic : bool
        Whether any vote was cast by a program.
    cases : Cases
        Their ids and votes; the features are of no representation in particular.
    effective_voters : array of shape (n,)
        Independent voters that each case's votes are worth.
    classes : tuple of str
        Of each case, the class whose explanation was judged; empty where it is not known.
    protocol : Protocol
        How cases were held out.
    groups : Groups
        Which were held out together, and why.
    folds : Folds
        When.
    runs : mapping of str to Run
        Configurations first, then baselines, by label.
    versions : mapping of str to str
        Of Python and of the packages that the numbers depend on, those among them that bring a component.
    hashes : mapping of str to str
        Of the case base's content, of each configuration, and of the source of what computes.
    notes : tuple of str
        A sentence for each thing that the reader must know besides, such as fewer folds than were asked
        for, or two configurations that predict the same.
    timings : tuple of Timing
        In the order of the runs.
    retest : Retest, optional
        How far automatic judges repeat themselves; None where no program voted.
    """

    name: str
    provenance: str
    is_automatic: bool
    cases: Cases
    effective_voters: Array = attrs.field(converter=frozen_floats)
    classes: tuple[str, ...] = attrs.field(converter=texts)
    protocol: Protocol
    groups: Groups
    folds: Folds
    runs: Mapping[str, Run] = attrs.field(converter=_runs)
    versions: Mapping[str, str]
    hashes: Mapping[str, str]
    notes: tuple[str, ...] = attrs.field(default=(), converter=texts)
    timings: tuple[Timing, ...] = ()
    retest: Retest | None = None

    @property
    def votes(self) -> Array:
        """Votes `(n, methods)`; NaN where nobody was asked."""
        return self.cases.votes

    @property
    def configurations(self) -> tuple[Run, ...]:
        """The runs that are configurations."""
        return tuple(run for run in self.runs.values() if run.role == "configuration")

    @property
    def baselines(self) -> tuple[Run, ...]:
        """The runs that are baselines."""
        return tuple(run for run in self.runs.values() if run.role == "baseline")

    @property
    def substituted(self) -> str:
        """What stands in the place of what a name promises, of all runs; empty if nothing does."""
        return "; ".join(dict.fromkeys(run.substituted for run in self.runs.values() if run.substituted))

    @property
    def leaks(self) -> tuple[str, ...]:
        """The parts in which held-out photos had a say, of all runs; empty if they had none."""
        return tuple(part for part in PARTS_THAT_LEAK if any(part in run.leaks for run in self.runs.values()))

    @property
    def votes_from(self) -> str:
        """Whose votes these are, as a table has it below that head."""
        return self.provenance.removeprefix("votes: ")

    def run(self, label: str) -> Run:
        """Return the run of that label.

        Raises
        ------
        ParameterError
            There is none; names the nearest spelling.
        """
        if label not in self.runs:
            raise ParameterError(
                f"nothing called {label!r} was evaluated",
                where="label",
                allowed=", ".join(self.runs),
                next_step=nearest_spelling(label, self.runs),
            )
        return self.runs[label]
