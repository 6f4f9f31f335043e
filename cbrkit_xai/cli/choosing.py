"""Options that several commands share, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cbrkit_xai.errors import CaseBaseError, nearest_spelling
from cbrkit_xai.explaining import DEFAULT_CLASSIFIER

if TYPE_CHECKING:
    from cbrkit_xai.case_base import CaseBase
    from cbrkit_xai.choice import Use
    from cbrkit_xai.configurations import Configuration
    from cbrkit_xai.cycle import Recommender

DEFAULT_BASE = "coco200-auto"
DEFAULT_CONFIGURATION = "lf-cos"

_Command = TypeVar("_Command", bound=Callable[..., Any])

base_option = click.option(
    "--base",
    default=DEFAULT_BASE,
    show_default=True,
    metavar="FILE|NAME",
    help="Case base: a .cbr file, or the name of a bundled one.",
)
images_option = click.option(
    "--images",
    metavar="DIR",
    help="Folder with the photos of the case base, for configurations that compare pixels.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


configuration_option = click.option(
    "--configuration",
    "-c",
    "chosen",
    default=DEFAULT_CONFIGURATION,
    show_default=True,
    metavar="NAME|FILE.toml",
    help="A named configuration, or a file that composes one.",
)


classifier_option = click.option(
    "--classifier",
    metavar="NAME|KIND:MODEL",
    help=f"The classifier that is explained: a name ({DEFAULT_CLASSIFIER} by default), keras:model.keras, "
    "onnx:model.onnx, or python:package.module:factory.",
)


def chosen_classifier(text: str) -> Use:
    """Return the classifier of that name; what follows a colon is its one required parameter.

    Raises
    ------
    ConfigurationError
        There is no such classifier, or it takes no such parameter.
    """
    from cbrkit_xai.choice import use
    from cbrkit_xai.errors import ConfigurationError
    from cbrkit_xai.registry import default_registry
    from cbrkit_xai.structuring import required_parameters

    name, colon, value = text.partition(":")
    required = required_parameters(
        default_registry().find("classifier", name, where="--classifier").resolve()
    )
    if bool(colon and value) != (len(required) == 1):
        raise ConfigurationError(
            f"{text!r} does not say which {required[0]}"
            if required
            else f"{name!r} takes nothing after a colon",
            where="--classifier",
            allowed=f"{name}:{required[0].upper()}" if required else name,
        )
    return use(name, **{required[0]: value}) if required else use(name)


def other_classifier(base: CaseBase, fingerprint: str) -> list[str]:
    """Warn if the votes are about another classifier's explanations; a base may not know whose they are."""
    if not base.classifiers or fingerprint in base.classifiers:
        return []
    theirs = ", ".join(sorted(base.classifiers))
    return [f"the votes are about explanations of {theirs}, not of {fingerprint}: read them with care"]


def part_options(command: _Command) -> _Command:
    """Add the options that vary a configuration."""
    options = (
        click.option(
            "--profile",
            metavar="NAME",
            help="paper2022, recommended (the default), or a plugin's; not with a file.",
        ),
        click.option("--organizer", metavar="NAME", help="linear, dbscan-prototypes, or a plugin's."),
        click.option("-k", "k", type=int, metavar="N", help="How many entries to retrieve."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def chosen_configuration(
    chosen: str, profile: str | None = None, organizer: str | None = None, k: int | None = None
) -> Configuration:
    """Return the configuration that the options describe."""
    from cbrkit_xai.configuration_reading import load_configuration
    from cbrkit_xai.configurations import configuration

    if _is_file(chosen, profile):
        found = load_configuration(chosen)
        changes: dict[str, Any] = {} if organizer is None else {"organizer": organizer}
    else:
        found = configuration(chosen, profile=profile, organizer=organizer)
        changes = {}
    if k is not None:
        changes["k"] = k
    return found.evolve(**changes)


def chosen_configurations(
    chosen: str, profile: str | None = None, organizer: str | None = None, k: int | None = None
) -> tuple[list[Configuration], bool]:
    """Return the configurations that the options describe, and whether a grid makes them."""
    from cbrkit_xai.configuration_reading import has_grid, load_configurations

    if not _is_file(chosen, profile) or not has_grid(chosen):
        return [chosen_configuration(chosen, profile, organizer, k)], False
    if organizer is not None or k is not None:
        raise click.UsageError("--organizer and -k go with one configuration; in a grid, write them as paths")
    return load_configurations(chosen), True


def _is_file(chosen: str, profile: str | None) -> bool:
    if not chosen.endswith(".toml") and not Path(chosen).is_file():
        return False
    if profile is not None:
        raise click.UsageError("--profile goes with a configuration's name; in a file, write profile = ...")
    return True


def is_bundled(base: str) -> bool:
    """Return whether `base` names a bundled case base, and no file of that name is here."""
    from cbrkit_xai.stores.bundled import bundled_names

    return base in bundled_names() and not Path(base).is_file()


def chosen_base(base: str, images: str | None = None) -> CaseBase:
    """Return the case base of that path or name, with the photos of a folder."""
    from cbrkit_xai.case_base import CaseBase
    from cbrkit_xai.stores.bundled import bundled_names

    names = bundled_names()
    if is_bundled(base):
        found = CaseBase.bundled(base)
    elif not Path(base).exists() and Path(base).suffix != ".cbr":
        raise CaseBaseError(
            f"no case base {base!r}",
            allowed=f"a .cbr file, or bundled: {', '.join(names)}",
            next_step=nearest_spelling(base, names) or "make one with `cbrkit-xai import`",
        )
    else:
        found = CaseBase.load(base)
    return found if images is None else _with_images(found, images)


def _with_images(base: CaseBase, folder: str) -> CaseBase:
    found = base.with_images(folder)
    if base.cases and not any(case.image_sha256 in found.pictures for case in base.cases):
        raise CaseBaseError(
            f"none of the base's {len(base)} photos is there, such as {base.cases[0].image_name!r}",
            where=folder,
            next_step="name the folder in which they lie",
        )
    return found


def fitted(configuration: Configuration, base: CaseBase, *, learn_now: bool = True) -> Recommender:
    """Fit with the user's cache, and a progress bar where it takes long."""
    from cbrkit_xai.cli.terminal import progress_bar
    from cbrkit_xai.fit_cache import FitCache

    with progress_bar(f"learning from {len(base)} cases") as progress:
        return configuration.fit(base, cache=FitCache(), progress=progress, learn_now=learn_now)


def chosen_names(text: str | None) -> list[str] | None:
    """Return the names in a list joined by commas; None where nothing was given."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]
