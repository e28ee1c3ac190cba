"""Execute every notebook headless on the demo's home and leave it as HTML in ``notebooks/html``.

The notebooks themselves stay without output. The HTML is self-contained, shows simulated mail only, and holds neither
a time that passed nor a path of this machine, so running again changes it only where the numbers changed.

Run it by ``make notebooks``; one notebook alone: ``.venv/bin/python notebooks/execute.py spam/02_train``.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter
from traitlets.config import Config

from msa_ml.commands.lab import environment_of
from msa_ml.settings import read as read_settings

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
LARGEST = 1_500_000
TIMEOUT = 600
_WIDGET = "application/vnd.jupyter.widget-view+json"
# Scripts that the template would fetch from elsewhere: formulas, diagrams and widgets, of which there are none here.
_FETCHED = re.compile(r"<script\b[^>]*?(?:\bsrc=|type=\"module\")[^>]*>.*?</script>\s*", re.DOTALL)
_COLOUR_CODE = re.compile(r"\x1b\[[0-9;]*m")


class NotebookFailed(Exception):
    """A cell raised, took too long, or left something in the output that must not be published."""


def main(arguments: list[str] | None = None) -> int:
    """Execute, convert, write; return the exit code."""
    parser = argparse.ArgumentParser(description="Execute every notebook on the demo's home and leave HTML.")
    parser.add_argument("names", nargs="*", help="such as spam/02_train; default: all")
    parser.add_argument("--home", type=Path, default=PROJECT / ".msa" / "demo")
    parser.add_argument("--out", type=Path, default=HERE / "html")
    options = parser.parse_args(arguments)
    if not options.home.is_dir():
        print(f"there is no demo in {options.home}; make it first: msa-ml demo", file=sys.stderr)
        return 2
    failed = 0
    for path in notebooks(options.names):
        name = path.relative_to(HERE).with_suffix("").as_posix()
        begin = time.monotonic()
        try:
            page = convert(executed(path, options.home), name, options.home)
        except NotebookFailed as error:
            print(f"FAILED {error}", file=sys.stderr)
            failed += 1
            continue
        target = options.out / f"{name}.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page, encoding="utf-8")
        print(f"{name}: {time.monotonic() - begin:.0f} s, {len(page) / 1000:.0f} kB", file=sys.stderr)
    return 1 if failed else 0


def notebooks(names: list[str] | None = None) -> list[Path]:
    """Return the notebooks in their order, all of them or those that are named."""
    found = sorted(path for path in HERE.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
    if not names:
        return found
    wanted = {name.removesuffix(".ipynb") for name in names}
    chosen = [path for path in found if path.relative_to(HERE).with_suffix("").as_posix() in wanted]
    if len(chosen) != len(wanted):
        raise SystemExit(f"no such notebook among: {', '.join(str(path.relative_to(HERE)) for path in found)}")
    return chosen


def executed(path: Path, home: Path) -> Any:
    """Return a notebook with its outputs; it runs in its own folder, by the interpreter that runs this.

    Raises
    ------
    NotebookFailed
        A cell raised or took too long; notebook and cell are named.
    """
    notebook = nbformat.read(path, as_version=4)
    where: dict[str, str] = {"cell": "the kernel"}

    def remember(cell: Any, **_: Any) -> None:
        where["cell"] = f"cell '{cell.get('id', '?')}'"

    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_execute=remember,
    )
    with tempfile.TemporaryDirectory() as profile:
        # The user's own IPython profile and a colour terminal would show in the output.
        environment = {**environment_of(read_settings(home=home, isolated=True)), "IPYTHONDIR": profile, "NO_COLOR": "1"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        try:
            client.execute(env=environment)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            said = _COLOUR_CODE.sub("", str(error)).strip()
            raise NotebookFailed(f"{path.relative_to(PROJECT)}, {where['cell']}:\n{said}") from error
    return notebook


def convert(notebook: Any, name: str, home: Path) -> str:
    """Return the page of an executed notebook.

    Raises
    ------
    NotebookFailed
        The page would be too large, fetch something, or name a path of this machine.
    """
    clean(notebook, home)
    config = Config()
    config.HTMLExporter.preprocessors = []
    exporter = HTMLExporter(config=config, template_name="lab", theme="light", embed_images=True)
    page, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": name}})
    page = _FETCHED.sub("", page)
    for what, wrong in (
        ("names a path of this machine", machine_path(page, home)),
        ("is larger than 1.5 MB", str(len(page)) if len(page.encode()) > LARGEST else ""),
        ("fetches something", "".join(re.findall(r"<(?:script|link|img)\b[^>]*(?:src|href)=\"https?:[^\"]*", page)[:1])),
    ):
        if wrong:
            raise NotebookFailed(f"{name}: the page {what}: {wrong}")
    return page


def clean(notebook: Any, home: Path) -> None:
    """Take out progress bars, warnings of progress and paths of this machine."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                _without_paths(output, home)
                for output in cell.outputs
                if not (output.output_type == "stream" and output.name == "stderr") and _WIDGET not in output.get("data", {})
            ]


def _without_paths(value: Any, home: Path) -> Any:
    """Replace the home by ``.msa/demo`` and the project by nothing, in every string."""
    if isinstance(value, str):
        return value.replace(str(home.resolve()), ".msa/demo").replace(f"{PROJECT}{os.sep}", "")
    if isinstance(value, list):
        return [_without_paths(item, home) for item in value]
    if isinstance(value, dict):
        return type(value)({key: _without_paths(item, home) for key, item in value.items()})
    return value


def machine_path(page: str, home: Path) -> str:
    """Return a path of this machine that a page names, empty if there is none."""
    # Data of pictures is no text; in it every short word occurs by chance.
    words = re.sub(r"base64,[A-Za-z0-9+/=\s]+", "", page)
    places = {str(home.resolve()), str(PROJECT), str(Path.home()), tempfile.gettempdir(), sys.prefix}
    return next((place for place in sorted(places) if re.search(rf"(?<![\w.]){re.escape(place)}/", words)), "")


if __name__ == "__main__":
    sys.exit(main())
