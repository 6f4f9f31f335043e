"""An immutable snapshot of cases: photos' hashes, targets, votes, features, provenance."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from cbrkit_xai.case import Ballot, Case, Source, refuse_mixing
from cbrkit_xai.cases import Cases
from cbrkit_xai.choice import Use
from cbrkit_xai.describing import described
from cbrkit_xai.errors import CaseBaseError, FeaturesError, ParameterError, nearest_spelling
from cbrkit_xai.features import Array, Features, frozen, stack, take
from cbrkit_xai.pictures import Pictures

if TYPE_CHECKING:
    from cbrkit_xai.protocols import Progress, Representation


def _frozen_features(features: Mapping[str, Mapping[str, Array]]) -> Mapping[str, Mapping[str, Array]]:
    return MappingProxyType(
        {
            fingerprint: MappingProxyType({sha256: frozen(row) for sha256, row in rows.items()})
            for fingerprint, rows in features.items()
        }
    )


def _cases(values: Iterable[Case]) -> tuple[Case, ...]:
    return tuple(values)


def _representations(values: Mapping[str, Use]) -> Mapping[str, Use]:
    return MappingProxyType(dict(values))


# `slots=False`: the derived columns are computed once and kept.
@attrs.frozen(kw_only=True, eq=False, slots=False, repr=False)
class CaseBase:
    """Cases with their votes and features; nothing in it ever changes.

    Parameters
    ----------
    name : str
        For people.
    cases : tuple of Case
        In the order they came.
    features : mapping of fingerprint to mapping of image hash to array
        One row per photo and representation; a photo may be missing.
    representations : mapping of fingerprint to Use
        What made the features, so that a new case's can be made alike.
    pictures : Pictures
        Pixels, where the base holds any.
    revision : int
        Grows with every change of the store that the snapshot was taken from.
    path : Path or None
        The file it was loaded from.
    about : str
        What its reader must know first, such as what its votes can't tell.
    """

    name: str
    cases: tuple[Case, ...] = attrs.field(converter=_cases)
    features: Mapping[str, Mapping[str, Array]] = attrs.field(factory=dict, converter=_frozen_features)
    representations: Mapping[str, Use] = attrs.field(factory=dict, converter=_representations)
    pictures: Pictures = attrs.field(factory=Pictures)
    revision: int = 0
    path: Path | None = None
    about: str = ""

    def __repr__(self) -> str:
        return f"<CaseBase {self.name!r}: {len(self)} cases, revision {self.revision}, {self.provenance}>"

    def __attrs_post_init__(self) -> None:
        if len(set(self.ids)) != len(self.ids):
            raise CaseBaseError("two cases have the same id", where=self.name)

    @classmethod
    def load(cls, path: str | Path) -> CaseBase:
        """Read a case base file; it may be read-only and in use by others.

        Raises
        ------
        CaseBaseError
            The file is missing, not a case base, damaged, or written by a newer version.
        """
        from cbrkit_xai.stores.embedded import load

        return load(path)

    @classmethod
    def bundled(cls, name: str = "coco200-auto") -> CaseBase:
        """Read a case base that ships with the package."""
        from cbrkit_xai.stores.bundled import load_bundled

        return load_bundled(name)

    def __len__(self) -> int:
        return len(self.cases)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The cases' ids."""
        return tuple(case.id for case in self.cases)

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """Every method that any case has votes for, in alphabetical order."""
        return tuple(sorted({method for case in self.cases for method in case.votes}))

    @cached_property
    def votes(self) -> Array:
        """Votes `(n, methods)`, float64; NaN where nobody was asked."""
        rows = [
            [case_votes.get(m, np.nan) for m in self.methods] for case_votes in (c.votes for c in self.cases)
        ]
        return frozen(np.array(rows, dtype=np.float64).reshape(len(self), len(self.methods)))

    @cached_property
    def effective_voters(self) -> Array:
        """Independent voters that each case's votes are worth, `(n,)`."""
        return frozen(np.array([case.effective_voters for case in self.cases], dtype=np.float64))

    @cached_property
    def sources(self) -> frozenset[str]:
        """Who voted: "human", "automatic", or both."""
        return frozenset().union(*(case.sources for case in self.cases))

    @cached_property
    def classifiers(self) -> frozenset[str]:
        """Fingerprints of the classifiers whose explanations were judged."""
        return frozenset(case.target.classifier for case in self.cases if case.target is not None)

    @cached_property
    def provenance(self) -> str:
        """Whose votes these are, in the words that stand wherever they are used."""
        if "automatic" not in self.sources:
            return "votes: people"
        people = "people and " if "human" in self.sources else ""
        return f"votes: {people}automatic ({self._families}, not people)"

    @cached_property
    def voted_by(self) -> str:
        """Who voted, in words: "people", "2 judge families", or both."""
        if "automatic" not in self.sources:
            return "people"
        return f"people and {self._families}" if "human" in self.sources else self._families

    @property
    def _families(self) -> str:
        families = {
            ballot.family or ballot.voter or "unnamed"
            for case in self.cases
            for ballot in case.ballots
            if ballot.source == "automatic"
        }
        return f"{len(families)} judge {'family' if len(families) == 1 else 'families'}"

    @cached_property
    def seconds(self) -> Mapping[str, float]:
        """Median measured seconds per method, where any case has them."""
        known: dict[str, list[float]] = {}
        for case in self.cases:
            for method, value in case.seconds.items():
                known.setdefault(method, []).append(value)
        return MappingProxyType(
            {method: float(np.median(values)) for method, values in sorted(known.items())}
        )

    @cached_property
    def content_hash(self) -> str:
        """A sha256 of all that a prediction may depend on."""
        digest = hashlib.sha256()
        for case in self.cases:
            digest.update(json.dumps(_plain(case), sort_keys=True).encode())
        for fingerprint in sorted(self.features):
            digest.update(fingerprint.encode())
            for sha256 in sorted(self.features[fingerprint]):
                row = self.features[fingerprint][sha256]
                digest.update(f"{sha256} {row.dtype.str} {row.shape}".encode())
                digest.update(np.ascontiguousarray(row).tobytes())
        return digest.hexdigest()

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """The row of each id."""
        return MappingProxyType({identifier: row for row, identifier in enumerate(self.ids)})

    def case(self, identifier: str) -> Case:
        """Return the case of that id.

        Raises
        ------
        CaseBaseError
            There is none; names the nearest spelling.
        """
        if identifier not in self.row_of:
            raise CaseBaseError(
                f"there is no case {identifier!r}",
                where=str(self.path or self.name),
                allowed=f"ids of the {len(self)} cases",
                next_step=nearest_spelling(str(identifier), self.ids),
            )
        return self.cases[self.row_of[identifier]]

    def refuse_mixing(self, source: Source) -> None:
        """Refuse votes of people in a base of judges' votes, and the other way round.

        Raises
        ------
        CaseBaseError
            The base holds votes of the other source.
        """
        refuse_mixing(self.sources, source, where=str(self.path or self.name))

    def refuse_new_methods(self, votes: Mapping[str, float]) -> None:
        """Refuse votes about a method that this base has none for, which may be a slip of the pen.

        Raises
        ------
        ParameterError
            A method is new here; names the nearest spelling.
        """
        for method in votes:
            if self.methods and method not in self.methods:
                hint = nearest_spelling(method, self.methods)
                meant = "for a new method pass --allow-new-methods (allow_new_methods=True)"
                raise ParameterError(
                    f"nobody was asked about {method!r} in {self.name!r}",
                    where="votes",
                    allowed=", ".join(self.methods),
                    next_step=f"{hint} {meant}" if hint else meant,
                )

    def with_images(self, folder: str | Path) -> CaseBase:
        """Return the base with the pixels of the photos found in `folder`."""
        wanted = [(case.image_sha256, case.image_name) for case in self.cases]
        return attrs.evolve(self, pictures=self.pictures.with_folder(folder, wanted))

    def columns(self, representation: Representation, progress: Progress | None = None) -> Cases:
        """Return what an organizer sees: ids, features of one representation, votes.

        Raises
        ------
        FeaturesError
            Some features are neither stored nor computable from pixels.
        """
        return Cases(
            ids=self.ids,
            features=self._features(representation, progress),
            votes=self.votes,
            methods=self.methods,
            groups=[case.image_sha256 for case in self.cases],
        )

    def _features(self, representation: Representation, progress: Progress | None) -> Features:
        stored_as = getattr(representation, "stored_as", None)
        known: Mapping[str, Features] = self.features.get(representation.fingerprint, {})
        hashes = [case.image_sha256 for case in self.cases]
        missing = [sha256 for sha256 in dict.fromkeys(hashes) if sha256 not in known]
        if missing and stored_as is not None:
            return representation.derive(self._features(stored_as, progress))  # type: ignore[attr-defined]
        made_of: Mapping[str, Representation] | None = getattr(representation, "made_of", None)
        if missing and made_of:
            parts = {name: self._features(part, progress) for name, part in made_of.items()}
            return representation.joined(parts)  # type: ignore[attr-defined]
        if missing:
            known = {**known, **self._described(representation, missing, progress)}
        return stack([known[sha256] for sha256 in hashes])

    def _described(
        self, representation: Representation, hashes: list[str], progress: Progress | None
    ) -> dict[str, Features]:
        without = [sha256 for sha256 in hashes if sha256 not in self.pictures]
        if without:
            holds_some = any(case.image_sha256 in self.pictures for case in self.cases)
            reason = f"lacks the pixels of {len(without)} photos" if holds_some else "holds no pixels"
            raise FeaturesError(
                f"not applicable: this base {reason}, and no features {representation.fingerprint!r} "
                f"for {len(without)} of its photos",
                where=self.name,
                allowed="features held: " + (", ".join(map(repr, sorted(self.features))) or "none"),
                next_step="name the folder with its photos: --images DIR",
            )
        rows: dict[str, Features] = {}
        for done, sha256 in enumerate(hashes, start=1):
            rows[sha256] = take(described(representation, [self.pictures.open(sha256)]), 0)
            if progress is not None:
                progress(done, len(hashes))
        return rows

    def with_case(self, case: Case, features: Mapping[str, Array], pixels: bytes | None = None) -> CaseBase:
        """Return the next snapshot.

        A photo judged before for the same class by the same classifier gains ballots, not a
        second case.

        Parameters
        ----------
        case : Case
            The new case, or further ballots for one that is there.
        features : mapping of fingerprint to array
            One row per representation.
        pixels : bytes, optional
            Its 224 x 224 PNG.
        """
        row = self.row_of_key(case)
        cases = list(self.cases)
        if row is None:
            cases.append(case)
        else:
            cases[row] = cases[row].with_ballots(case.ballots)
        held = {fingerprint: dict(rows) for fingerprint, rows in self.features.items()}
        for fingerprint, values in features.items():
            # What a store has already stays.
            held.setdefault(fingerprint, {}).setdefault(case.image_sha256, values)
        pictures = self.pictures
        if pixels is not None:
            # `|`, not `{**...}`, which would read every picture of a store.
            embedded = pictures.embedded | {case.image_sha256: pixels}  # type: ignore[operator]
            pictures = attrs.evolve(pictures, embedded=embedded)
        return attrs.evolve(self, cases=cases, features=held, pictures=pictures, revision=self.revision + 1)

    def row_of_key(self, case: Case) -> int | None:
        """Return the row of the case that speaks of the same explanation, or None."""
        return next((row for row, known in enumerate(self.cases) if known.key == case.key), None)


def _plain(case: Case) -> dict[str, Any]:
    """Return all of a case but its times, which no prediction depends on."""
    target = None if case.target is None else attrs.asdict(case.target)
    return {
        "id": case.id,
        "image": case.image_sha256,
        "target": target,
        "ballots": [_plain_ballot(ballot) for ballot in case.ballots],
    }


def _plain_ballot(ballot: Ballot) -> list[Any]:
    return [ballot.source, ballot.voter, ballot.family, sorted(ballot.votes.items())]


def unique_id(wanted: str, taken: Iterable[str]) -> str:
    """Return `wanted`, or the first of `wanted-2`, `wanted-3` ... that is free."""
    used = set(taken)
    candidates = (wanted if number == 1 else f"{wanted}-{number}" for number in range(1, len(used) + 2))
    return next(candidate for candidate in candidates if candidate not in used)
