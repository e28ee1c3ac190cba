"""The notebooks as files: valid, without output, short cells, no path of a machine; and the committed pages."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat as nbformat_module
import pytest

from msa_ml.features.mail.lists import Lists
from msa_ml.tasks import get
from tests.conftest import ROOT

nbformat: Any = nbformat_module  # half of it is typed

FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(path for path in FOLDER.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
PAGES = sorted((FOLDER / "html").rglob("*.html"))
# The import lines of a first cell and the declaration of a class are longer than what a person does in one step.
LONGEST, LONGEST_CLASS = 8, 10
MACHINE_PATH = re.compile(r"(?<![\w.<])(?:/(?:home|root|tmp|work|Users|var|opt|mnt)/|[A-Z]:\\)")


def _name(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


def _cells(path: Path) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return cells


def test_the_notebooks_are_there() -> None:
    assert [_name(path) for path in NOTEBOOKS] == [
        "00_tour.ipynb",
        "signup_abuse/01_look.ipynb",
        "signup_abuse/02_train.ipynb",
        "signup_abuse/03_mistakes.ipynb",
        "spam/01_look.ipynb",
        "spam/02_train.ipynb",
        "spam/03_mistakes.ipynb",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_name)
def test_valid_with_the_kernel_that_everybody_has(path: Path) -> None:
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{1,30}", one) for one in ids), "a failing cell is named by its id"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_name)
def test_every_feature_of_mail_that_is_named_exists(path: Path) -> None:
    known = {*get("spam").features().columns, *Lists().columns}
    written = "".join("".join(cell["source"]) for cell in _cells(path))
    named = set(re.findall(r"(?<![\w.])mail\.[a-z_]+\.[a-z0-9_]+", written))
    assert named <= known, f"{_name(path)} names features that are gone"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_name)
def test_stored_without_output(path: Path) -> None:
    for cell in _cells(path):
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
        assert cell["metadata"] == {}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_name)
def test_cells_are_short(path: Path) -> None:
    for cell in _cells(path):
        if cell["cell_type"] == "code":
            lines = [line for line in "".join(cell["source"]).splitlines() if line.strip()]
            most = LONGEST_CLASS if any(line.startswith("class ") for line in lines) else LONGEST
            assert len(lines) <= most, f"cell {cell['id']}: the library lacks something"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_name)
def test_no_path_of_a_machine_and_no_address_of_a_person(path: Path) -> None:
    source = "\n".join("".join(cell["source"]) for cell in _cells(path))
    assert not MACHINE_PATH.search(source)
    for domain in re.findall(r"[\w.+-]+@([\w-]+\.[\w.-]+)", source):
        assert domain.endswith(("example.org", "example.net", "example.com"))


def test_the_tour_says_what_it_is() -> None:
    assert "SYNTHETIC" in "".join(_cells(FOLDER / "00_tour.ipynb")[0]["source"])


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_a_page_is_self_contained_synthetic_and_of_no_machine(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    assert len(page.encode()) < 1_500_000
    assert not re.findall(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=\"(?!data:)[^\"]*\"", page)
    # Data of pictures is no text; in it every short word occurs by chance.
    words = re.sub(r"base64,[A-Za-z0-9+/=\s]+", "", page)
    assert not MACHINE_PATH.search(words)
    assert "SYNTHETIC" in words
    assert ".ipynb_checkpoints" not in words


def test_every_notebook_has_its_page() -> None:
    named = {path.relative_to(FOLDER / "html").with_suffix("").as_posix() for path in PAGES}
    assert named == {path.relative_to(FOLDER).with_suffix("").as_posix() for path in NOTEBOOKS}


@pytest.fixture(scope="module")
def execute() -> ModuleType:
    spec = importlib.util.spec_from_file_location("notebooks_execute", FOLDER / "execute.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _notebook(*outputs: Any) -> Any:
    cell = nbformat.v4.new_code_cell("1", outputs=list(outputs), execution_count=1)
    return nbformat.v4.new_notebook(cells=[cell])


def test_bars_and_paths_are_taken_out(execute: ModuleType, tmp_path: Path) -> None:
    home = tmp_path / "demo"
    notebook = _notebook(
        nbformat.v4.new_output("stream", name="stderr", text="extracting: 3%"),
        nbformat.v4.new_output("display_data", {execute._WIDGET: {"model_id": "x"}, "text/plain": "bar"}),
        nbformat.v4.new_output("stream", name="stdout", text=f"{home.resolve()}/store and {ROOT}/README.md"),
    )
    page = execute.convert(notebook, "x", home)
    assert "extracting" not in page
    assert ".msa/demo/store and README.md" in page


def test_what_must_not_be_published_is_refused(execute: ModuleType, tmp_path: Path) -> None:
    path = _notebook(nbformat.v4.new_output("stream", name="stdout", text=f"{Path.home()}/notes"))
    with pytest.raises(execute.NotebookFailed, match="path of this machine"):
        execute.convert(path, "x", tmp_path)
    large = _notebook(nbformat.v4.new_output("stream", name="stdout", text="x" * 1_600_000))
    with pytest.raises(execute.NotebookFailed, match="larger than"):
        execute.convert(large, "x", tmp_path)
    image = {"text/html": '<img src="https://example.org/pixel.gif">'}
    with pytest.raises(execute.NotebookFailed, match="fetches"):
        execute.convert(_notebook(nbformat.v4.new_output("display_data", image)), "x", tmp_path)


def test_a_failing_cell_is_named(
    execute: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execute, "PROJECT", tmp_path)
    cells = [nbformat.v4.new_code_cell("x = 1", id="first"), nbformat.v4.new_code_cell("x / 0", id="second")]
    path = tmp_path / "bad.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    with pytest.raises(execute.NotebookFailed, match=r"bad\.ipynb, cell 'second':(.|\n)*ZeroDivisionError"):
        execute.executed(path, tmp_path / "demo")
