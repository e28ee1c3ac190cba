"""The walls stand: a module imports itself and what stands left of it, and heavy libraries have one owner each."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "msa_ml"
ORDER = (
    ("errors", "markup", "records", "settings"),
    ("source",),
    ("dataset",),
    ("features",),
    ("model",),
    ("evaluation",),
    ("bundle",),
    ("registry",),
    ("experiment", "tasks", "testing", "display", "intake", "simulation"),
    ("mistakes", "publishing"),
    ("trained",),
    ("pipeline",),
    ("unseen",),
    ("backtesting", "exploring", "measuring", "score_logging", "shadowing", "vector_logging"),
    ("comparing", "notebook"),
    ("commands",),
    ("__main__", "cli"),
)
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
# The library and the modules that may import it, at any depth of a file.
OWNERS = {
    "clickhouse_connect": ("source/clickhouse.py",),
    "chdb": ("source/clickhouse.py",),
    "mlflow": ("registry/tracking.py",),
    "xgboost": ("model/boosting.py",),
    "onnx": ("bundle/graph.py",),
    "onnxruntime": ("bundle/runtime.py",),
    "uvicorn": ("bundle/serve/server.py",),
    "joblib": ("features/extraction.py",),
    "sklearn": ("model/",),
    "matplotlib": ("evaluation/",),
    "pandas": ("bundle/pyfunc.py", "dataset/dataset.py", "registry/tracking.py"),
    "selectolax": ("features/mail/",),
    "cryptography": ("bundle/signing.py",),
}
SERVING = (
    "bundle/read.py",
    "bundle/runtime.py",
    "bundle/manifest.py",
    "bundle/golden.py",
    "bundle/limits.py",
    "bundle/logged.py",
    "bundle/operators.py",
    "bundle/score.py",
    "bundle/serve/*.py",
    "commands/serving.py",
)
BASE = {
    "click",
    "numpy",
    "onnxruntime",
    "polars",
    "publicsuffixlist",
    "selectolax",
    "tqdm",
    "uvicorn",
}


def _files() -> Iterator[Path]:
    return (path for path in sorted(PACKAGE.rglob("*.py")))


def _imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield (module, only for type checkers) of every import in a file, at any depth."""
    tree = ast.parse(path.read_text())
    guarded = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node in guarded
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module, node in guarded


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", list(_files()), ids=_name)
def test_a_module_imports_only_what_stands_left(path: Path) -> None:
    room = _room(path)
    if room == "__init__":
        return
    assert room in RANK, f"{_name(path)}: the room '{room}' has no place in ORDER"
    for module, guarded in _imports(path):
        parts = module.split(".")
        if parts[0] == "msa_ml" and len(parts) > 1 and not guarded:
            assert parts[1] in RANK, f"{_name(path)} imports {module}, which has no place in ORDER"
            assert RANK[parts[1]] <= RANK[room], f"{_name(path)} imports {module}, which stands right of it"


@pytest.mark.parametrize("path", list(_files()), ids=_name)
def test_a_heavy_library_has_its_owner(path: Path) -> None:
    for module, guarded in _imports(path):
        owners = OWNERS.get(module.split(".")[0])
        if owners and not guarded:
            assert _name(path).startswith(owners), f"{_name(path)} imports {module}; its owner is {owners}"


def test_the_test_can_fail(tmp_path: Path) -> None:
    planted = tmp_path / "wrong.py"
    planted.write_text("def f():\n    import mlflow\n    from msa_ml.cli import main\n")
    assert list(_imports(planted)) == [("mlflow", False), ("msa_ml.cli", False)]


@pytest.mark.parametrize("pattern", SERVING)
def test_serving_is_written_with_the_base_install(pattern: str) -> None:
    files = sorted(PACKAGE.glob(pattern))
    assert files
    for path in files:
        outside = {module.split(".")[0] for module, guarded in _imports(path) if not guarded}
        assert outside - sys.stdlib_module_names <= BASE | {"msa_ml"}, path


def test_serving_imports_nothing_heavy() -> None:
    """Loading what serving loads brings in the base install's libraries and no others that are ours to choose."""
    heavy = [
        "pandas",
        "sklearn",
        "xgboost",
        "mlflow",
        "clickhouse_connect",
        "chdb",
        "scipy",
        "pyarrow",
        "matplotlib",
        "onnx",
        "joblib",
        "uvicorn",  # of the base install, but for those who serve only
    ]
    code = (
        "import sys; import msa_ml.bundle, msa_ml.commands.serving, msa_ml.cli; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
