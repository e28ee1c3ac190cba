"""``lab``: JupyterLab with connection and tracking set."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import click

from msa_ml.commands.options import show
from msa_ml.errors import InputError
from msa_ml.settings import Settings, find_home
from msa_ml.settings import read as read_settings

# JupyterLab asks its makers for news and newer versions at every start; nothing of ours leaves the machine unasked.
_QUIET = ("--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate")


@click.command(
    "lab",
    context_settings={"ignore_unknown_options": True},
    epilog="Examples: msa-ml lab; msa-ml lab --demo; msa-ml lab -- --no-browser --port 9000",
)
@click.option("--demo", is_flag=True, help="Open the demo's home instead of the project's.")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Use this home instead of the project's .msa",
)
@click.argument("jupyter", nargs=-1, type=click.UNPROCESSED)
def lab_command(*, demo: bool, home: Path | None, jupyter: tuple[str, ...]) -> None:
    """Open JupyterLab with connection and tracking set; further words go to jupyter lab."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise InputError("JupyterLab is not installed.", hint="pip install 'msa-ml[notebook,local]'")
    project = find_home(Path.cwd()).parent
    settings = read_settings(home=home or (project / ".msa" / "demo" if demo else None), isolated=demo)
    if demo and not settings.home.exists():
        raise InputError("there is no demo yet.", hint="Make it first: msa-ml demo")
    if not sys.executable:
        raise InputError("the Python that runs this command cannot be found.")
    notebooks = project / "notebooks"
    folder = notebooks if notebooks.is_dir() else Path.cwd()
    show(f"JupyterLab on {folder}, home {settings.home}", as_json=True)
    # Our own interpreter, so that notebooks find this very installation.
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", *_QUIET, *jupyter]
    sys.stderr.flush()
    os.execve(command[0], command, environment_of(settings))  # noqa: S606 - our own interpreter, no shell


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment of a process whose notebooks shall see these settings.

    Examples
    --------
    >>> found = environment_of(read_settings(home=Path("/srv/demo"), isolated=True))
    >>> found["MSA_HOME"], found["MSA_CLICKHOUSE_URL"]
    ('/srv/demo', 'chdb:///srv/demo/store')
    """
    return {
        **os.environ,
        "MSA_HOME": str(settings.home),
        "MSA_CLICKHOUSE_URL": settings.clickhouse_url,
        "MSA_RESULTS_URL": settings.results_url,
        "MLFLOW_TRACKING_URI": settings.tracking_uri,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
