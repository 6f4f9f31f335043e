"""What all parts of one evaluation share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import attrs
import numpy as np

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.cases import Cases
from cbrkit_xai.evaluation.holding_out.dealing import deal, strata_of
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.grouping import group_cases
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.running.cells import FOLDER, Cells, hash_of_array, key_of_cell
from cbrkit_xai.protocols import Progress, Representation
from cbrkit_xai.registry import Registry


@attrs.frozen(kw_only=True, eq=False)
class Plan:
    """A case base, how its cases are held out, and where finished parts are kept.

    Parameters
    ----------
    base : CaseBase
        What is predicted.
    registry : Registry
        Where components are found.
    protocol : Protocol
        How cases are held out.
    groups : Groups
        Cases that are held out together.
    folds : Folds
        When each is held out.
    ks : tuple of int
        Numbers of neighbours.
    cells : Cells
        Finished parts.
    """

    base: CaseBase
    registry: Registry
    protocol: Protocol
    groups: Groups
    folds: Folds
    ks: tuple[int, ...]
    cells: Cells

    @classmethod
    def of(
        cls,
        base: CaseBase,
        protocol: Protocol,
        ks: Sequence[int],
        *,
        registry: Registry,
        folder: str | Path | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Group the cases and deal them.

        Parameters
        ----------
        folder : path, optional
            Where finished parts are kept, in a folder of their own; by default nowhere.
        progress : callable, optional
            Called with (photos hashed, photos).

        Raises
        ------
        CaseBaseError
            A photo of the base cannot be opened.
        ParameterError
            There are fewer than two groups.
        """
        groups = group_cases(base, protocol, progress)
        strata = strata_of(without_features(base, groups), protocol.folds)
        return cls(
            base=base,
            registry=registry,
            protocol=protocol,
            groups=groups,
            folds=deal(groups, strata, protocol),
            ks=tuple(ks),
            cells=Cells(folder=None if folder is None else Path(folder) / FOLDER),
        )

    @property
    def bare(self) -> Cases:
        """The cases without features, those of one photo as one group."""
        return without_features(self.base, self.groups)

    @property
    def classes(self) -> tuple[str, ...]:
        """Of each case the class whose explanation was judged; empty where it is not known."""
        targets = [case.target for case in self.base.cases]
        return tuple("" if one is None else one.label or f"class {one.index}" for one in targets)

    def cases(self, representation: Representation) -> Cases:
        """Return the base's columns in that representation, the cases of one photo as one group.

        Raises
        ------
        FeaturesError
            Some features are neither stored nor computable from pixels.
        """
        return attrs.evolve(self.base.columns(representation), groups=self.groups.names)

    def key(self, what: Mapping[str, Any], repeat: int, *, by_k: bool = True) -> str:
        """Return the key of a cell of one repeat.

        Parameters
        ----------
        what : mapping of str to JSON values
            What decides its numbers besides the base's content, the groups, the ks and the folds.
        by_k : bool
            Whether the ks have a part in it.
        """
        return key_of_cell(
            {
                **what,
                "base": self.base.content_hash,
                "ks": self.ks if by_k else (),
                "groups": self.groups.names,
                "folds": hash_of_array(self.folds.fold_of[repeat]),
            }
        )


def without_features(base: CaseBase, groups: Groups) -> Cases:
    """Return the cases of a base without features, those of one photo as one group."""
    return Cases(
        ids=base.ids,
        features=np.zeros((len(base), 0)),
        votes=base.votes,
        methods=base.methods,
        groups=groups.names,
    )
