"""How cases are held out, and what may be learnt from which of them."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from cbrkit_xai.evaluation.parameter_bounds import number_between, one_of, whole_number

Scheme: TypeAlias = Literal["k-fold", "leave-one-group-out", "hold-out"]
ClusterScope: TypeAlias = Literal["fold", "global"]
SCHEMES: tuple[Scheme, ...] = ("k-fold", "leave-one-group-out", "hold-out")
CLUSTER_SCOPES: tuple[ClusterScope, ...] = ("fold", "global")


@attrs.frozen(kw_only=True)
class Protocol:
    """The plan of an evaluation; everything random in it follows from `seed`.

    Parameters
    ----------
    scheme : {"k-fold", "leave-one-group-out", "hold-out"}
        Repeated stratified group k-fold (the paper's 5 folds, repeated); each group once by
        itself (one repeat); or a share of the groups, drawn anew in each repeat.
    folds : int
        Of `k-fold`; fewer where there are fewer groups.
    repeats : int
        How often the cases are dealt into folds anew, or the share is drawn anew.
    held_out : float
        Share of the groups that `hold-out` holds out.
    seed : int
        Of the dealing, and of whatever is drawn in a fold.
    cluster_scope : {"fold", "global"}
        Whether an organizer sees the training cases of the fold alone. "global" is what the paper
        may have done: clusters found once, with the held-out photos among them, and whatever a metric
        or an aggregator learns learnt once, too. It leaks, and every page that shows its results says so.
    latent_cosine : float
        Photos whose stored latent vectors have at least this cosine count as the same photo. Of 40 photos
        of coco200-auto, EfficientNet-Lite0's vectors keep .92 when mirrored, .91 when cropped by 2 % and
        .99 when saved again with JPEG quality 90 (the least of each); the most alike of its 19,900 pairs
        of different photos, two zebras, have .78.
    phash_distance : int
        Photos whose perceptual hashes differ in at most so many of 64 bits count as the same photo.
    """

    scheme: Scheme = attrs.field(default="k-fold", validator=one_of(SCHEMES))
    folds: int = attrs.field(default=5, validator=whole_number(2, 1000))
    repeats: int = attrs.field(default=10, validator=whole_number(1, 1000))
    held_out: float = attrs.field(default=0.2, validator=number_between(0.01, 0.9))
    seed: int = attrs.field(default=0, validator=whole_number(0, 2**32 - 1))
    cluster_scope: ClusterScope = attrs.field(default="fold", validator=one_of(CLUSTER_SCOPES))
    latent_cosine: float = attrs.field(default=0.9, validator=number_between(0.0, 1.0))
    phash_distance: int = attrs.field(default=6, validator=whole_number(0, 64))

    @property
    def leaks(self) -> bool:
        """Whether held-out photos may have a say in their predictions; `Run.leaks` says in what."""
        return self.cluster_scope == "global"
