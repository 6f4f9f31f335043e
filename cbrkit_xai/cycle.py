"""The cycle: retrieve similar cases, reuse their votes, retain what was learnt."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from cbrkit_xai import registry as registries
from cbrkit_xai.answering import Question, answers
from cbrkit_xai.case import Ballot, Case, Source, Target
from cbrkit_xai.case_base import CaseBase, unique_id
from cbrkit_xai.cases import Cases
from cbrkit_xai.configurations import Components, Configuration
from cbrkit_xai.describing import described
from cbrkit_xai.errors import CaseBaseError, CbrkitXaiError
from cbrkit_xai.features import read_only
from cbrkit_xai.fit_cache import FitCache
from cbrkit_xai.images import Image, encode_png, open_image
from cbrkit_xai.kept_fits import key_of, restore, to_keep
from cbrkit_xai.learning import Learnt, learn, organize
from cbrkit_xai.neighbours import check_k
from cbrkit_xai.retaining import Verdict, check_is_store_of, features_to_keep

if TYPE_CHECKING:
    from cbrkit_xai.protocols import Index, Progress
    from cbrkit_xai.recommendation import Recommendation
    from cbrkit_xai.registry import Registry
    from cbrkit_xai.stores.embedded import CaseStore

_AT_ONCE = 32
"""Photos that are held in memory together."""


def fit(
    configuration: Configuration,
    base: CaseBase,
    *,
    registry: Registry | None = None,
    cache: FitCache | None = None,
    progress: Progress | None = None,
    learn_now: bool = True,
) -> Recommender:
    """Organise a case base and learn from it; see `Configuration.fit`.

    Raises
    ------
    ConfigurationError
        The configuration does not hold together; found before anything is read.
    CaseBaseError
        The base is empty, or lacks what the configuration needs.
    NotOrganizableError
        No organisation fulfils the organizer's conditions.
    """
    registry = registry or registries.default_registry()
    components = configuration.components(registry)
    if not len(base):
        raise CaseBaseError("has no cases", where=base.name, next_step="import votes, or retain a photo")
    recommender = _organized(configuration, base, components, registry, cache, progress)
    if learn_now:
        recommender._learn(progress)
    return recommender


def _organized(
    configuration: Configuration,
    base: CaseBase,
    components: Components,
    registry: Registry,
    cache: FitCache | None,
    progress: Progress | None,
) -> Recommender:
    cases = base.columns(components.representation, progress)
    key = None if cache is None else key_of(configuration, base, components, registry)
    kept = None if cache is None or key is None else cache.get(key)
    restored = None if kept is None else restore(kept, components, cases)
    fitted, index, learnt = restored or (*organize(components, cases, progress), None)
    return Recommender(
        configuration=configuration,
        base=base,
        components=components,
        fitted=fitted,
        index=index,
        cases=cases,
        registry=registry,
        cache=cache,
        key=key,
        learnt=learnt,
    )


# `slots=False`: what is learnt is learnt once, when it is first needed.
@attrs.frozen(kw_only=True, eq=False, slots=False, repr=False)
class Recommender:
    """A configuration fitted to a case base; safe to ask from several threads.

    Parameters
    ----------
    configuration : Configuration
        What was fitted.
    base : CaseBase
        To what.
    components : Components
        As composed.
    fitted : Components
        As fitted to the base.
    index : Index
        The organised case base.
    cases : Cases
        The base's columns in this representation.
    registry : Registry
        Where components and observers are found.
    cache : FitCache or None
        Where finished fits are kept.
    key : str or None
        The name of this fit in the cache; None if it cannot be kept.
    verdict : Verdict or None
        The retention policy's answer to the case last offered.
    learnt : Learnt, optional
        Where it is known already; otherwise it is learnt when it is first needed.
    """

    configuration: Configuration
    base: CaseBase
    components: Components
    fitted: Components
    index: Index
    cases: Cases
    registry: Registry
    cache: FitCache | None = None
    key: str | None = None
    verdict: Verdict | None = None
    _learnt: Learnt | None = attrs.field(default=None, repr=False)
    _learning: threading.Lock = attrs.field(factory=threading.Lock, init=False, repr=False)
    _with_other_k: dict[int, Recommender] = attrs.field(factory=dict, init=False, repr=False)

    def __repr__(self) -> str:
        return f"<Recommender {self.configuration.label} on {self.base!r}>"

    @property
    def learnt(self) -> Learnt:
        """Fitted reuse and retention, confidence, and what is within experience."""
        return self._learn(None)

    def _learn(self, progress: Progress | None) -> Learnt:
        with self._learning:  # several threads may need it first
            if self._learnt is not None:
                return self._learnt
            learnt = learn(
                self.components,
                self.index,
                self.cases,
                self.base.effective_voters,
                self.configuration.k,
                progress,
            )
            object.__setattr__(self, "_learnt", learnt)
        self._keep(learnt)
        return learnt

    def _keep(self, learnt: Learnt) -> None:
        if self.cache is None or self.key is None:
            return
        fit = to_keep(learnt, self.index, self.components)
        if fit is not None:
            about = {"configuration": self.configuration.label, "base": self.base.name}
            self.cache.put(self.key, {**about, **fit})

    def _asked_for(self, k: int | None) -> Recommender:
        """Return the recommender that retrieves k entries; what depends on k is learnt anew, once."""
        if k is None or check_k(k) == self.configuration.k:
            return self
        other = attrs.evolve(
            self, configuration=self.configuration.evolve(k=k), cache=None, key=None, learnt=None
        )
        return self._with_other_k.setdefault(int(k), other)

    def recommend(
        self,
        photo: Any,
        *,
        k: int | None = None,
        methods: Iterable[str] | None = None,
        cost_weight: float = 0.0,
    ) -> Recommendation:
        """Return the explanation methods for one photo, best first.

        Parameters
        ----------
        photo : path, bytes, array or Image
            What `open_image` takes.
        k : int, optional
            How many entries to retrieve, if not as configured; what depends on k is learnt anew.
        methods : iterable of str, optional
            The methods to choose from; by default all that the base has votes for.
        cost_weight : float
            Votes that a second of an explainer's time is worth.

        Raises
        ------
        ImageError
            The photo cannot be opened.
        ParameterError
            `k`, `methods` or `cost_weight` is out of range.
        """
        return self.recommend_many([photo], k=k, methods=methods, cost_weight=cost_weight)[0]

    def recommend_many(
        self,
        photos: Sequence[Any],
        *,
        k: int | None = None,
        methods: Iterable[str] | None = None,
        cost_weight: float = 0.0,
        decoding_seconds: float = 0.0,
        progress: Progress | None = None,
    ) -> list[Recommendation]:
        """Return an answer for each photo; a batch answers as its single photos would.

        Parameters
        ----------
        photos : sequence
            What `open_image` takes.
        k, methods, cost_weight
            See `recommend`.
        decoding_seconds : float
            Time spent on opening photos that come as `Image`, for the report.
        progress : callable, optional
            Called with (photos done, photos).
        """
        question = Question.among(self.cases.methods, methods, cost_weight)
        asked = self._asked_for(k)
        found: list[Recommendation] = []
        for start in range(0, len(photos), _AT_ONCE):
            some = photos[start : start + _AT_ONCE]
            found += asked._recommend(some, question, decoding_seconds / len(photos))
            if progress is not None:
                progress(len(found), len(photos))
        return found

    def _recommend(
        self, photos: Sequence[Any], question: Question, decoding_seconds: float
    ) -> list[Recommendation]:
        started = time.perf_counter()
        images = [open_image(photo) for photo in photos]
        decoded = time.perf_counter()
        features = described(self.fitted.representation, images)
        featured = time.perf_counter()
        neighbours = self.index.nearest(read_only(features), self.configuration.k)
        retrieved = time.perf_counter()
        self.registry.notify("cbrkit_xai_after_retrieve", neighbours=neighbours)
        found = answers(self, images, neighbours, question)
        finished = time.perf_counter()
        seconds = {
            "decode": decoding_seconds + (decoded - started) / len(images),
            "features": (featured - decoded) / len(images),
            "retrieve": (retrieved - featured) / len(images),
            "reuse": (finished - retrieved) / len(images),
        }
        timed = [attrs.evolve(answer, seconds=seconds) for answer in found]
        for answer in timed:
            self.registry.notify("cbrkit_xai_after_reuse", recommendation=answer)
        return timed

    def retain(
        self,
        photo: Any,
        votes: Mapping[str, float],
        *,
        store: CaseStore | None = None,
        target: Target | None = None,
        source: Source = "human",
        voter: str = "",
        allow_mixed: bool = False,
        allow_new_methods: bool = False,
    ) -> Recommender:
        """Offer a judged photo to the case base, and return a recommender that knows it.

        The policy's verdict is in the answer's `verdict`. A photo that is there already, judged
        for the same class of the same classifier, gains the votes whatever the policy says.

        Parameters
        ----------
        photo : path, bytes, array or Image
            What `open_image` takes.
        votes : mapping of str to float
            Votes per method; leave out methods nobody was asked about.
        store : CaseStore, optional
            Where the case is kept for good; without it, only the answer knows the case.
        target : Target, optional
            The class whose explanation was judged.
        source : {"human", "automatic"}
            Whether people voted or judges computed.
        voter : str
            A person's pseudonym or a judge's name; empty for a sum over several.
        allow_mixed : bool
            Let votes of people and of judges come together in one base.
        allow_new_methods : bool
            Let votes name a method that the base has none for.

        Raises
        ------
        ImageError, VotesError
            The photo or the votes cannot be used; nothing is kept.
        ParameterError
            The base has no votes about a method that these name; nothing is kept.
        CaseBaseError
            The store could not keep the case, or is not this base's; or the base holds votes of the
            other source.
        NotOrganizableError
            With this case the base can no longer be organised; with a store the case is kept.
        """
        if store is not None:
            check_is_store_of(self.base, store)
        image = open_image(photo)
        ballot = Ballot(votes=votes, source=source, voter=voter)
        if not allow_mixed:
            self.base.refuse_mixing(source)
        if not allow_new_methods:
            self.base.refuse_new_methods(ballot.votes)
        identifier = unique_id(_stem(image), self.base.ids)
        case = Case(
            id=identifier, image_sha256=image.sha256, image_name=image.name, ballots=[ballot], target=target
        )
        verdict = self._verdict(image, case)
        if not verdict.keeps:
            return attrs.evolve(self, verdict=verdict)
        base = self._kept(case, image, store, allow_mixed=allow_mixed)
        row = base.row_of_key(case)
        case = case if row is None else base.cases[row]  # with its final id, and the ballots it had before
        self.registry.notify("cbrkit_xai_after_retain", case=case, base=base)
        try:
            known = _organized(self.configuration, base, self.components, self.registry, self.cache, None)
        except CbrkitXaiError as error:
            if store is not None:  # whoever reads of an error would offer the votes once more
                error.what = f"the votes are kept as case {case.id!r}, but: {error.what}"
            raise
        return attrs.evolve(known, verdict=verdict)

    def _kept(self, case: Case, image: Image, store: CaseStore | None, *, allow_mixed: bool) -> CaseBase:
        """Keep the case, in the store if there is one, and return the base that holds it."""
        features, representations = features_to_keep(
            self.base,
            image,
            self.registry,
            self.components.representation,
            self.configuration.representation,
        )
        pixels = encode_png(image.pixels) if self.base.pictures.embedded else None
        if store is None:
            return self.base.with_case(case, features, pixels)
        store.add(
            case,
            features=features,
            representations=representations,
            pixels=pixels,
            path=image.path,
            allow_mixed=allow_mixed,
        )
        base = store.load()
        # The folder that the reader named is not in the store.
        paths = {**self.base.pictures.paths, **base.pictures.paths}
        return attrs.evolve(base, pictures=attrs.evolve(base.pictures, paths=paths))

    def _verdict(self, image: Image, case: Case) -> Verdict:
        row = self.base.row_of_key(case)
        if row is not None:
            return Verdict(
                keeps=True, reason=f"{self.base.ids[row]} gains the votes: it is the same photo and class"
            )
        features = described(self.fitted.representation, [image])
        neighbours = self.index.nearest(read_only(features), self.configuration.k)
        # A policy that learns nothing need not wait for all the rest to be learnt.
        policy = (
            self.learnt.retention
            if hasattr(self.components.retention, "fitted")
            else self.components.retention
        )
        return policy.keeps(case, neighbours)


def _stem(image: Image) -> str:
    stem = image.name.rsplit(".", 1)[0].strip()
    return stem or image.sha256[:12]
