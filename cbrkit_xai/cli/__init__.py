"""The command line: one file a command, loaded when it is asked for."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence

import click

from cbrkit_xai import __version__
from cbrkit_xai.cli.terminal import printable
from cbrkit_xai.errors import CbrkitXaiError

COMMANDS = {
    "demo": "demo",
    "recommend": "recommend",
    "explain": "explain",
    "plugins": "plugins",
    "check": "check",
    "plugin": "plugin",
    "import": "importing",
    "cases": "cases",
    "retain": "retain",
    "evaluate": "evaluate",
    "reproduce": "reproduce",
    "tune": "tune",
    "configuration": "configuration",
}
"""Each command and the module it stands in, in the order of the help page."""


class _LazyCommands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{COMMANDS[cmd_name]}")
        command: click.Command = module.command
        return command


@click.command(
    cls=_LazyCommands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="cbrkit-xai")
@click.option("--debug", is_flag=True, help="Show the whole traceback of an error.")
def cli(debug: bool) -> None:
    """Say which explanation of an image to show.

    Start with `cbrkit-xai demo`, or `cbrkit-xai explain photo.jpg`.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code.

    0: done. 1: our mistake. 2: the user's. 130: interrupted.
    """
    sys.exit(_run(list(sys.argv[1:] if arguments is None else arguments)))


def _run(arguments: list[str]) -> int:
    debug = "--debug" in arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a photo's name may not fit the terminal's encoding
    try:
        # --debug may stand anywhere: it belongs to no command.
        left = [argument for argument in arguments if argument != "--debug"]
        result = cli.main(args=left, prog_name="cbrkit-xai", standalone_mode=False)
        sys.stdout.flush()  # here, where a full disk or a closed pipe can still be told apart
        return result if isinstance(result, int) else 0
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted; nothing was left half done")
        return 130
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return 2
    except click.ClickException as error:
        _say(_usage(error))
        return 2
    except (BrokenPipeError, SystemExit):  # click leaves by the latter, and for this reason alone
        # Whoever was reading has gone; Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except CbrkitXaiError as error:
        if debug:
            raise
        _say(str(error))
        return error.exit_code
    except OSError as error:
        if debug:
            raise
        what = error.strerror or str(error)
        if isinstance(error, FileExistsError | NotADirectoryError):
            what = "a file stands where a folder is needed; name another folder"
        else:
            what = f"{what}; check the path, space and permissions"
        _say(f"{error.filename or 'output'}: {what}")
        return 2
    except Exception as error:  # the last line of defence: our own mistake, told in one line
        if debug:
            raise
        _say(f"internal error: {type(error).__name__}: {error}; run again with --debug and report it")
        return 1


def _say(text: str) -> None:
    # A votes file's problems have a line each; whatever else controls a terminal is spelt out.
    lines = (printable(line) for line in text.split("\n"))
    print("cbrkit-xai: " + "\n".join(lines), file=sys.stderr)


def _usage(error: click.ClickException) -> str:
    text = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "cbrkit-xai"
    return f"{text.rstrip('.')}; see `{command} --help`"
