"""What all parts of one evaluation share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.cases import Cases
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.running.cells import Cells, hash_of_array, key_of_cell
from cbrkit_xai.protocols import Representation
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
