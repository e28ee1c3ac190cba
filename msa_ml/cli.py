"""``msa-ml``: the command line.

Exit codes: 0 done, 1 refused by a gate or check, 2 wrong usage or bad input, 3 a system it needs is unavailable, 70 a
defect of this program, 130 interrupted.
With ``--json`` exactly one object stands on the last line of standard output; everything else goes to standard error.
"""

from __future__ import annotations

import errno
import importlib
import json
import sys
import traceback
from collections.abc import Sequence

import click

from msa_ml import __version__
from msa_ml.errors import MsaError, UnknownNameError

# Name of each command and the module that holds it; a module is imported when its command runs, so that scoring
# never pays for training.
_COMMANDS = {
    "init": "source",
    "check-source": "source",
    "import": "source",
    "simulate": "source",
    "train": "training",
    "evaluate": "training",
    "compare": "training",
    "compare-scores": "shadow",
    "log-vectors": "vectors",
    "log-scores": "vectors",
    "promote": "registry",
    "export": "registry",
    "pull": "registry",
    "sign": "signing",
    "diff": "bundles",
    "score-lines": "bundles",
    "verify": "serving",
    "score": "serving",
    "serve": "serving",
    "features": "features",
    "lab": "lab",
    "demo": "demo",
}


class _Lazy(click.Group):
    """A group that imports the module of a command when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"msa_ml.commands.{_COMMANDS[cmd_name]}")
        found: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in _COMMANDS:
            raise UnknownNameError("command", name, _COMMANDS)
        return super().resolve_command(ctx, args)


def _version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:  # noqa: ARG001, FBT001 - click's signature
    if wanted:
        from msa_ml.features.compiled import built

        click.echo(f"msa-ml, version {__version__} (compiled: {', '.join(built()) or 'nothing'})")
        context.exit()


@click.group(
    cls=_Lazy,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Example: msa-ml import mail ~/Maildir --label '*Junk*=spam' --label '*=ham' && msa-ml train spam",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Say the version and what runs compiled.",
)
@click.pass_context
def cli(context: click.Context) -> None:
    """Train spam and abuse models on your own data, and hand them to serving as verified bundles."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; the entry point of ``msa-ml``."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        result = cli.main(args=words, prog_name="msa-ml", standalone_mode=False)
    except BrokenPipeError:
        return 0
    except (click.exceptions.Abort, KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - the last line of defence
        if "--debug" in words:
            traceback.print_exc()
        message, code = explain(error)
        print(f"error: {message}", file=sys.stderr)  # noqa: T201 - the command line prints
        if "--json" in words:
            print(json.dumps({"error": message, "exit_code": code}))  # noqa: T201 - the command line prints
        return code
    return int(result) if isinstance(result, int) else 0


def explain(error: BaseException) -> tuple[str, int]:
    """Return what to say of an error, and the exit code.

    Examples
    --------
    >>> explain(OSError(errno.ENOSPC, "No space left on device"))
    ('no space left on the disk. Free some and run the same command again.', 3)
    """
    if isinstance(error, click.exceptions.Abort | KeyboardInterrupt):
        return "interrupted; nothing that was acknowledged is lost, the same command continues.", 130
    if isinstance(error, click.ClickException):
        command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "msa-ml"
        return f"{error.format_message()} See: {command} --help", 2
    if isinstance(error, MsaError):
        return str(error), error.exit_code
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "no space left on the disk. Free some and run the same command again.", 3
    if isinstance(error, OSError):
        return f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), 2
    if isinstance(error, ModuleNotFoundError):
        return (
            f"{error.name} is not installed. Install the extra that brings it: pip install 'msa-ml[train,local]'",
            2,
        )
    return f"unexpected {type(error).__name__}. Run again with --debug and report the trace.", 70
