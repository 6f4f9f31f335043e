"""What is true of simulated votes, whatever came out: expectations, the best method, errors that remain."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.features import Array, frozen, frozen_floats


@attrs.frozen(kw_only=True, eq=False)
class Truth:
    """What nobody who evaluates can see.

    Parameters
    ----------
    voters : int
        Votes that each photo gets.
    chances : array of shape (n, methods)
        For each vote, given all that the world lets votes depend on; NaN where nobody is asked.
    variances : array of shape (n, methods)
        Of the numbers of votes, given the same.
    """

    voters: int
    chances: Array = attrs.field(converter=frozen_floats)
    variances: Array = attrs.field(converter=frozen_floats)

    @property
    def expected_votes(self) -> Array:
        """The best prediction that there is, `(n, methods)`; NaN where nobody is asked."""
        return frozen(self.voters * self.chances)

    @property
    def best(self) -> Array:
        """Place of the method that most votes are expected for, `(n,)`; the first of equal ones."""
        return frozen(np.nanargmax(self.chances, axis=1))

    @property
    def squared_error_of_oracle(self) -> Array:
        """Expected squared error per case of predicting the expected votes, `(n,)`: the least possible."""
        return frozen(np.nanmean(self.variances, axis=1))

    @property
    def squared_error_of_mean(self) -> Array:
        """The same of predicting, for every case, the mean of these cases' expected votes, `(n,)`.

        The mean of a training sample's votes errs more by about 1/n of it.
        """
        expected = self.expected_votes
        off = expected - np.nanmean(expected, axis=0)
        return frozen(np.nanmean(self.variances + off**2, axis=1))
