"""What every named configuration promises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.choice import Use
from cbrkit_xai.components import ConfigurationPlugin
from cbrkit_xai.configuration_reading import configuration_from_toml
from cbrkit_xai.configurations import Configuration
from cbrkit_xai.cycle import Recommender
from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.features import Array
from cbrkit_xai.recommendation import Recommendation
from cbrkit_xai.registry import Registry, default_registry
from cbrkit_xai.testing.laws import Broken, LawsOf
from cbrkit_xai.testing.small_base import made_up_photo, small_case_base
from cbrkit_xai.testing.subjects import Subject

_laws = LawsOf("configuration")
LAWS = _laws.laws


@attrs.frozen(kw_only=True, eq=False, slots=False, repr=False)
class ConfigurationSubject(Subject):
    """A configuration under examination.

    Parameters
    ----------
    configuration : Configuration
        Of one profile, with one organisation.
    """

    configuration: Configuration

    @property
    def label(self) -> str:
        """Such as `lf-cos/linear@paper2022`."""
        return self.configuration.label

    @cached_property
    def made(self) -> Configuration:
        """The configuration."""
        return self.configuration

    @cached_property
    def recommender(self) -> Recommender | None:
        """Fitted to the small case base; None where it says that these cases cannot be organised."""
        try:
            return self.configuration.fit(small_case_base(), registry=self.registry)
        except NotOrganizableError:  # an answer, not a failure (the paper's SSIM row)
            return None


def subjects_of_configuration(
    source: ConfigurationPlugin | Configuration, registry: Registry | None = None
) -> Iterator[ConfigurationSubject]:
    """Yield a record's configurations, one for each profile and organisation; or the one given."""
    registry = registry or default_registry()
    if isinstance(source, Configuration):
        # What a configuration of one's own is called need not be registered.
        record = ConfigurationPlugin(
            name="composed", summary="Composed", source="given", profiles={"custom": _profile(source)}
        )
        yield ConfigurationSubject(
            record=record, choice=Use(name=source.name), registry=registry, configuration=source
        )
        return
    for profile, chosen in source.profiles.items():
        for organizer in chosen.organizers:
            found = Configuration(
                name=source.name,
                profile=profile,
                organizer=organizer,
                **{
                    part: getattr(chosen, part)
                    for part in ("representation", "metric", "aggregator", "reuse", "retention", "k")
                },
            )
            yield ConfigurationSubject(
                record=source, choice=Use(name=source.name), registry=registry, configuration=found
            )


def _profile(source: Configuration) -> Any:
    from cbrkit_xai.components import Profile

    return Profile(representation=source.representation, metric=source.metric, organizers=(source.organizer,))


@_laws.law(
    "its components are there, take their parameters, and fit together",
    mend="the profile: names and parameters of its components",
    first=True,
)
def names_components_that_fit_together(subject: ConfigurationSubject) -> None:
    subject.configuration.components(subject.registry)


@_laws.law(
    "written as TOML it loads back as an equal configuration, with an equal hash",
    mend="the profile: parameters must be JSON values",
)
def comes_back_from_toml(subject: ConfigurationSubject) -> None:
    own = subject.configuration
    back = configuration_from_toml(own.to_toml(), registry=subject.registry)
    if back != own or back.hash != own.hash:
        raise Broken(f"written {own!r}, read {back!r}")


@_laws.law(
    "fitted to 12 photos it ranks every method, and predicts finite votes; or it says why it cannot",
    mend="the profile: metric, organizer and reuse strategy",
    first=True,
)
def fits_and_predicts(subject: ConfigurationSubject) -> None:
    recommender = subject.recommender
    if recommender is None:
        return
    answer = recommender.recommend(made_up_photo(0, 99))
    methods = small_case_base().methods
    if sorted(answer.ranking) != sorted(methods):
        raise Broken(f"of the methods {methods} it ranks {answer.ranking}")
    votes = np.array([answer.votes[method] for method in methods], dtype=np.float64)
    if not np.isfinite(votes).all():
        raise Broken(f"it predicts {dict(answer.votes)}")


def _said(answers: Sequence[Recommendation]) -> Array:
    """Return predicted votes, `(answers, 2, methods)`: those given, and those of similar cases.

    Where similar cases do not predict better than the average, the votes given are the same for all photos,
    and hide what the components do.
    """
    methods = small_case_base().methods
    return np.array(
        [
            [[votes[method] for method in methods] for votes in (one.votes, one.similar_votes)]
            for one in answers
        ],
        dtype=np.float64,
    )


@_laws.law(
    "fitted anew it predicts the same",
    mend="its components: give every random choice a seed",
    first=True,
)
def predicts_the_same_again(subject: ConfigurationSubject) -> None:
    if subject.recommender is None:
        return
    again = subject.configuration.fit(small_case_base(), registry=subject.registry)
    photos = [made_up_photo(colour, 50) for colour in range(3)]
    first, second = (one.recommend_many(photos) for one in (subject.recommender, again))
    if not np.array_equal(_said(first), _said(second), equal_nan=True):
        raise Broken("two fits to the same base predict other votes")


@_laws.law(
    "a batch of photos is answered as its single photos are",
    mend="its components",
)
def answers_a_batch_as_its_single_photos(subject: ConfigurationSubject) -> None:
    if subject.recommender is None:
        return
    photos = [made_up_photo(colour, 60) for colour in range(3)]
    together = subject.recommender.recommend_many(photos)
    for photo, answer in zip(photos, together, strict=True):
        alone = subject.recommender.recommend(photo)
        if not np.allclose(_said([alone]), _said([answer]), rtol=1e-4, atol=1e-4, equal_nan=True):
            seen = dict(alone.similar_votes), dict(answer.similar_votes)
            raise Broken(f"by similar cases, alone {seen[0]}, in a batch {seen[1]}")


@_laws.law(
    "the case base is left as it was, and a retained photo makes a new one",
    mend="its components: write to nothing; the retention policy",
)
def leaves_the_case_base_as_it_was(subject: ConfigurationSubject) -> None:
    if subject.recommender is None:
        return
    base = small_case_base()
    before, cases = base.content_hash, len(base)
    learned = subject.recommender.retain(made_up_photo(1, 77), {"ig": 5.0, "lime": 1.0})
    if base.content_hash != before or len(base) != cases:
        raise Broken("the base has other content afterwards")
    if learned.verdict is None or learned.verdict.keeps != (len(learned.base) == cases + 1):
        raise Broken(f"the verdict is {learned.verdict!r}, and the new base has {len(learned.base)} cases")
