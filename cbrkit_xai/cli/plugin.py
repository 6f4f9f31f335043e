"""`cbrkit-xai plugin new`: write a plugin to begin with."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("plugin")
def command() -> None:
    """Write a plugin of your own; `cbrkit-xai plugins` lists those that are installed."""


@command.command("new")
@click.argument("name", metavar="NAME")
@click.option("--kind", required=True, metavar="KIND", help="The kind of component, such as metric.")
@click.option("--component", metavar="NAME", help="What it is called; by default NAME without `cbrkit-xai-`.")
def new(name: str, kind: str, component: str | None) -> int:
    """Write a plugin into the folder NAME: a working component of that kind, and the test of its contract.

    The folder must not be there yet; NAME is also what pip will call the plugin.
    """
    from cbrkit_xai.cli.plugins import check_kind
    from cbrkit_xai.cli.terminal import command_name, say
    from cbrkit_xai.plugin_skeleton import module_name, skeleton

    check_kind(kind)
    files = skeleton(name, kind, component)
    _refuse_taken(name, kind, component)
    folder = Path(name)
    _write(folder, files)
    for path in files:
        say(f"wrote {folder / path}")
    ours = command_name()
    say(f"Now change src/{module_name(name)}/__init__.py, and:")
    say(f"  python -m pip install -e {name}")
    say(f"  {ours} plugins --kind {kind}")
    say(f"  {ours} check {name}")
    return 0


def _refuse_taken(name: str, kind: str, component: str | None) -> None:
    """Refuse names that something else bears: of the folder, the module, and the component.

    Raises
    ------
    ParameterError
        With what to do about it.
    """
    from importlib.util import find_spec

    from cbrkit_xai.errors import ParameterError
    from cbrkit_xai.plugin_skeleton import component_name, module_name
    from cbrkit_xai.registry import default_registry

    if Path(name).exists() or Path(name).is_symlink():
        raise ParameterError("is there already", where=name, next_step="choose another name, or remove it")
    if find_spec(module_name(name)) is not None:
        raise ParameterError(
            f"there is a module {module_name(name)!r} already", where=name, next_step="choose another name"
        )
    registry, called = default_registry(), component or component_name(name)
    if called in registry.names(kind):
        owner = registry.owner(kind, called)
        raise ParameterError(
            f"the {kind} {called!r} is registered by {owner.distribution or owner.name} already",
            where=name,
            next_step="choose another name for yours: --component NAME",
        )


def _write(folder: Path, files: dict[str, str]) -> None:
    """Write all files beside their place, and move them there: half a folder is never left."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
        made = Path(beside) / folder.name
        for path, text in files.items():
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_text(text, encoding="utf-8")
        made.rename(folder)
