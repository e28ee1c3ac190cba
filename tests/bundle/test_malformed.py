"""Whatever a bundle says, with hashes and id that fit, it loads or is refused; nothing else comes out of ``load``."""

import json
import os
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from msa_ml.bundle import files, read
from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.read import Bundle, load
from msa_ml.bundle.write import write
from msa_ml.cli import main
from msa_ml.errors import BundleRefused, InputError
from tests.bundle.tiny import graph, manifest_of, reseal, seal, tiny

Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write(tmp_path_factory.mktemp("tiny") / "spam", tiny(), golden_mail())


@pytest.fixture
def copy(small: Bundle, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small.path, tmp_path / "copy"))


def test_the_forger_of_these_tests_is_believed(copy: Path, small: Bundle) -> None:
    seal(copy, manifest_of(copy))
    assert load(copy).id == small.id
    seal(copy, {**manifest_of(copy), "metrics": {"tpr": 1.0}})
    assert load(copy).manifest.metrics == {"tpr": 1.0}


def _policy(**changes: object) -> Callable[[Manifest], object]:
    return lambda manifest: manifest["policies"][0].update(changes)


def _top(**changes: object) -> Callable[[Manifest], object]:
    return lambda manifest: manifest.update(changes)


def _unlisted(name: str) -> Callable[[Manifest], object]:
    return lambda manifest: manifest["files"].pop(name)


MANIFESTS: dict[str, tuple[Callable[[Manifest], object], str]] = {
    "no number": (_top(metrics={"tpr": float("nan")}), "manifest.json is damaged"),
    "infinite": (_top(metrics={"tpr": float("inf")}), "manifest.json is damaged"),
    "format false": (_top(format=False), "has format False"),
    "format 1.0": (_top(format=1.0), r"has format 1\.0"),
    "format null": (_top(format=None), "has format None"),
    "files a list": (_top(files=["model.onnx"]), "'files' is no table"),
    "files null": (_top(files=None), "'files' is no table"),
    "hash null": (lambda manifest: manifest["files"].update({"lists/gone.txt": None}), "hash of lists/gone"),
    "many files": (
        lambda manifest: manifest["files"].update({f"lists/{n}.txt": "0" * 64 for n in range(200)}),
        "at most 200 are read",
    ),
    "above": (lambda manifest: manifest["files"].update({"../x": "0" * 64}), "outside the bundle"),
    "absolute": (lambda manifest: manifest["files"].update({"/etc/hosts": "0" * 64}), "outside the bundle"),
    "surrogate": (lambda manifest: manifest["files"].update({"\ud800": "0" * 64}), "not plain"),
    "null byte": (lambda manifest: manifest["files"].update({"a\0b": "0" * 64}), "not plain"),
    **{
        f"without {name}": (_unlisted(name), f"does not list {re.escape(name)}")
        for name in ("model.onnx", "features.json", "history.json", "golden.jsonl", "MODEL_CARD.md")
    },
    "warnings null": (_top(warnings=None), "'warnings' is no list"),
    "warnings numbers": (_top(warnings=[1]), "'warnings' is no list"),
    "warnings text": (_top(warnings="none"), "'warnings' is no list"),
    "rollout null": (_top(rollout=None), "'rollout' is no table"),
    "rollout without steps": (_top(rollout={"steps": []}), "'rollout': .* holds steps"),
    "rollout that ends early": (
        lambda manifest: manifest["rollout"]["steps"].pop(),
        "'rollout': .* end with 1",
    ),
    "rollout of text": (
        lambda manifest: manifest["rollout"].update(steps="abc"),
        "'rollout': .* holds steps",
    ),
    "rollout gigantic": (
        lambda manifest: manifest["rollout"]["steps"][0].update(hours=10**400),
        "'rollout': .* holds steps",
    ),
    "escape sequence": (_top(task="\x1b[2Jspam"), "'task' is no printable text"),
    "synthetic 1": (_top(synthetic=1), "'synthetic' is neither"),
    "metrics null": (_top(metrics=None), "'metrics' is no table"),
    "training a list": (_top(training=[]), "'training' is no table"),
    "no policies": (_top(policies=[]), "'default_policy' is none"),
    "policies null": (_top(policies=None), "'policies' is no list"),
    "policies numbers": (_top(policies=[3]), "'policies' is no list"),
    "policy with more": (_policy(colour="red"), "'policies' is no list"),
    "policy with less": (lambda manifest: manifest["policies"][0].pop("tpr"), "'policies' is no list"),
    "threshold text": (_policy(threshold="abc"), "'threshold' of policy 0"),
    "threshold true": (_policy(threshold=True), "'threshold' of policy 0"),
    "threshold null": (_policy(threshold=None), "'threshold' of policy 0"),
    "threshold inexact": (_policy(threshold=0.1), "float32 holds exactly"),
    "threshold too large": (_policy(threshold=1e300), "float32 holds exactly"),
    "threshold gigantic": (_policy(threshold=10**400), "float32 holds exactly"),
    "budget above 1": (_policy(budget=1.5), "'budget' of policy 0"),
    "certified text": (_policy(certified="yes"), "'certified' of policy 0"),
    "ham negative": (_policy(ham=-1), "'ham' of policy 0"),
    "ham a share": (_policy(ham=1.5), "'ham' of policy 0"),
    "name null": (_policy(name=None), "name of policy 0"),
    "names twice": (_policy(name="fpr_0.1pct"), "share a name"),
    "default unknown": (_top(default_policy="harsh"), "'default_policy' is none"),
    "typical ham missing": (_top(training={}), "'typical_ham'"),
    "typical ham short": (_top(training={"typical_ham": [0.0]}), "'typical_ham'"),
    "typical ham text": (
        lambda manifest: manifest["training"]["typical_ham"].__setitem__(0, "x"),
        "'typical_ham'",
    ),
    "typical ham a table": (_top(training={"typical_ham": {}}), "'typical_ham'"),
    "another kind": (_top(kind="signup"), "different kinds of event"),
    "field missing": (lambda manifest: manifest.pop("task"), "lacks the field task"),
    "field added": (_top(colour="red"), "changed after"),
    "specification null": (_top(spec_digest=None), "'spec_digest' is no printable text"),
}


@pytest.mark.parametrize("forge", MANIFESTS)
def test_a_malformed_manifest_is_refused(copy: Path, forge: str) -> None:
    change, said = MANIFESTS[forge]
    manifest = manifest_of(copy)
    change(manifest)
    seal(copy, manifest)
    with pytest.raises(BundleRefused, match=said):
        load(copy, replay=False)


DEEP = b"[" * 100_000 + b"]" * 100_000
TEXTS = {
    "empty": b"",
    "no UTF-8": b"\xff\xfe",
    "UTF-16": "{}".encode("utf-16"),
    "a list": b"[]",
    "null": b"null",
    "a number": b"1",
    "deep": DEEP,
    "deep inside": b'{"format": 0, "counters": ' + DEEP + b"}",
    "copied too deep": b'{"format": 0, "metrics": ' + b"[" * 400 + b"]" * 400 + b"}",
    "NaN": b'{"format": NaN, "counters": NaN}',
    "huge number": b'{"format": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", ["manifest.json", "features.json", "history.json", "golden.jsonl"])
def test_what_is_no_such_text_is_refused(copy: Path, name: str, text: str) -> None:
    (copy / name).write_bytes(TEXTS[text])
    if name != "manifest.json":
        reseal(copy)
    with pytest.raises(BundleRefused):
        load(copy)
    assert main(["verify", str(copy)]) == 1


def test_a_metric_nested_too_deep_to_be_copied_is_refused(copy: Path) -> None:
    manifest = manifest_of(copy)
    deep: list[Any] = []
    for _ in range(60):
        deep = [deep]
    manifest["metrics"] = {"deep": deep}
    seal(copy, manifest)
    with pytest.raises(BundleRefused, match="nested deeper than 50 levels"):
        load(copy)


def _case(**changes: object) -> Callable[[Manifest], object]:
    return lambda case: case.update(changes)


CASES: dict[str, tuple[Callable[[Manifest], object], str]] = {
    "dense short": (lambda case: case["dense"].pop(), "dense features wanted"),
    "dense long": (lambda case: case["dense"].append(0.0), "dense features wanted"),
    "dense empty": (_case(dense=[]), "0 dense features wanted"),
    "dense null": (_case(dense=None), "not a golden case"),
    "dense text": (_case(dense=["abc"]), "not a golden case"),
    "dense true": (_case(dense=[True]), "not a golden case"),
    "dense nan": (_case(dense=["nan"]), "not a golden case"),
    "dense gigantic": (lambda case: case["dense"].__setitem__(0, 1e300), "inf wanted"),
    "content missing": (_case(content={}), "content view 'text' found, not wanted"),
    "content added": (lambda case: case["content"].update(more=""), "content view 'more' wanted, not found"),
    "content changed": (_case(content={"text": "AAAA"}), "content 'text' differs from byte"),
    "content a list": (_case(content=[]), "not a golden case"),
    "content no base64": (_case(content={"text": "?"}), "not a golden case"),
    "raw null": (_case(raw=None), "not a golden case"),
    "decisions missing": (_case(decisions={}), "policy 'fpr_0.1pct' found, not wanted"),
    "decision added": (lambda case: case["decisions"].update(harsh=True), "policy 'harsh' wanted, not found"),
    "decision other": (
        lambda case: case["decisions"].update(fpr_1pct=not case["decisions"]["fpr_1pct"]),
        "decision of fpr_1pct",
    ),
    "decision text": (_case(decisions={"fpr_1pct": "yes"}), "not a golden case"),
    "decisions null": (_case(decisions=None), "not a golden case"),
    "logit text": (_case(logit="1"), "not a golden case"),
    "logit null": (_case(logit=None), "not a golden case"),
    "logit other": (_case(logit=1.001), "logit: 1.001 wanted"),
    "probability other": (_case(probability=0.1), "probability: 0.1 wanted"),
    "name missing": (lambda case: case.pop("name"), "not a golden case"),
    "name a number": (_case(name=3), "not a golden case"),
}


@pytest.mark.parametrize("forge", CASES)
def test_a_malformed_golden_case_is_refused(copy: Path, forge: str) -> None:
    change, said = CASES[forge]
    path = copy / "golden.jsonl"
    first, *rest = path.read_text().splitlines()
    case = json.loads(first)
    change(case)
    path.write_text("\n".join([json.dumps(case), *rest]) + "\n")
    reseal(copy)
    with pytest.raises(BundleRefused, match=said):
        load(copy)
    with pytest.raises(BundleRefused, match=said):
        load(copy, replay=False).verify()


def test_no_golden_case_is_refused(copy: Path) -> None:
    (copy / "golden.jsonl").write_bytes(b"")
    reseal(copy)
    with pytest.raises(BundleRefused, match="no case"):
        load(copy)


def _plain(
    inputs: list[tuple[str, int, list[Any]]], outputs: Mapping[str, tuple[int, Sequence[Any]]]
) -> bytes:
    """Return a graph that gives zeros, one more than there are rows."""
    nodes = [
        helper.make_node("Shape", [inputs[0][0]], ["rows"], start=0, end=1),
        helper.make_node("Add", ["rows", "one"], ["size"]),
    ]
    nodes += [
        helper.make_node("ConstantOfShape", ["size"], [name], value=helper.make_tensor("v", kind, [1], [0]))
        for name, (kind, _) in outputs.items()
    ]
    made = helper.make_graph(
        nodes,
        "forged",
        [helper.make_tensor_value_info(*entry) for entry in inputs],
        [helper.make_tensor_value_info(name, *entry) for name, entry in outputs.items()],
        [helper.make_tensor("one", TensorProto.INT64, [1], [1])],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(onnx.ModelProto.SerializeToString(model))


FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64
BOTH = {"logit": (FLOAT, ["B"]), "probability": (FLOAT, ["B"])}
GRAPHS: dict[str, tuple[Callable[[int], bytes], str]] = {
    "no graph": (lambda width: b"no graph", "cannot be loaded"),
    "empty": (lambda width: b"", "cannot be loaded"),
    "narrow": (lambda width: graph(width - 1), "the specification wants"),
    "wide": (lambda width: graph(width + 1), "the specification wants"),
    "another view": (lambda width: graph(width, view="subject"), "takes 'content.subject'"),
    "no dense": (lambda width: _plain([("x", FLOAT, ["B", width])], BOTH), "takes 'x'"),
    "dense of integers": (lambda width: _plain([("dense", INT, ["B", width])], BOTH), "int64"),
    "one row only": (lambda width: _plain([("dense", FLOAT, [1, width])], BOTH), r"\[1, "),
    "flat": (lambda width: _plain([("dense", FLOAT, [width])], BOTH), "the specification wants"),
    "one input more": (
        lambda width: _plain([("dense", FLOAT, ["B", width]), ("more", FLOAT, ["B"])], BOTH),
        "'more'",
    ),
    "no probability": (
        lambda width: _plain([("dense", FLOAT, ["B", width])], {"logit": (FLOAT, ["B"])}),
        "gives 'logit'",
    ),
    "logit of integers": (
        lambda width: _plain([("dense", FLOAT, ["B", width])], {**BOTH, "logit": (INT, ["B"])}),
        "int64",
    ),
    "another length": (lambda width: _plain([("dense", FLOAT, ["B", width])], BOTH), r"shape \(3,\)"),
}


@pytest.mark.parametrize("forge", GRAPHS)
def test_a_graph_that_does_not_fit_is_refused(copy: Path, small: Bundle, forge: str) -> None:
    make, said = GRAPHS[forge]
    (copy / "model.onnx").write_bytes(make(len(small.features.columns)))
    reseal(copy)
    with pytest.raises(BundleRefused, match=said):
        load(copy, replay=False)


def test_a_graph_without_content_is_no_defect(copy: Path, small: Bundle) -> None:
    (copy / "model.onnx").write_bytes(graph(len(small.features.columns), view=None))
    reseal(copy)
    assert load(copy, replay=False).score(golden_mail()["pills"], reasons=3).logit in (-1.0, 1.0)


SPECIFICATIONS: dict[str, Callable[[Manifest], object]] = {
    "extractors null": lambda found: found.update(extractors=None),
    "extractors text": lambda found: found.update(extractors="abc"),
    "extractors numbers": lambda found: found.update(extractors=[1]),
    "extractors empty": lambda found: found.update(extractors=[], views=[]),
    "kind a number": lambda found: found.update(kind=3),
    "class missing": lambda found: found["extractors"][0].pop("class"),
    "class a number": lambda found: found["extractors"][0].update({"class": 3}),
    "class null byte": lambda found: found["extractors"][0].update(
        {"class": "msa_ml.features.mail.sender\0:Sender"}
    ),
    "class of a command": lambda found: found["extractors"][0].update({"class": "msa_ml.__main__:X"}),
    "class of our own": lambda found: found["extractors"][0].update({"class": "msa_ml.cli:main"}),
    "features text": lambda found: found["extractors"][0].update(features="abc"),
    "parameters a list": lambda found: found["extractors"][0].update(parameters=[1]),
    "parameters null": lambda found: found["extractors"][0].update(parameters=None),
    "view without limit": lambda found: found["views"][0].pop("limit"),
    "infinite limit": lambda found: found["views"][0].update(limit=float("inf")),
}


@pytest.mark.parametrize("forge", SPECIFICATIONS)
def test_a_malformed_specification_is_refused(copy: Path, forge: str) -> None:
    path = copy / "features.json"
    found = json.loads(path.read_bytes())
    SPECIFICATIONS[forge](found)
    path.write_text(json.dumps(found).replace("Infinity", "1e999"))
    reseal(copy)
    with pytest.raises(BundleRefused):
        load(copy, replay=False)


def test_a_list_that_the_manifest_leaves_out_is_refused(copy: Path) -> None:
    manifest = manifest_of(copy)
    del manifest["files"]["lists/free_mail.txt"]
    (copy / "lists" / "free_mail.txt").unlink()
    seal(copy, manifest)
    with pytest.raises(BundleRefused, match="'free_mail' is not in the bundle") as caught:
        load(copy)
    assert caught.value.__cause__ is not None


def test_a_failure_nobody_thought_of_is_a_refusal_with_its_cause(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(read, "Graph", broken)
    with pytest.raises(BundleRefused, match="cannot be read: ZeroDivisionError") as caught:
        load(copy)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_linked_folder_is_refused(copy: Path, tmp_path: Path) -> None:
    (copy / "lists").rename(tmp_path / "elsewhere")
    (copy / "lists").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleRefused, match="'lists' is a symbolic link"):
        load(copy)


def test_a_link_to_a_bundle_is_the_bundle(copy: Path, small: Bundle, tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to(copy)
    assert load(tmp_path / "latest").id == small.id


@pytest.mark.parametrize("name", [".hidden", "lists/.hidden", "more.txt", "empty/", ".git/config"])
def test_anything_added_is_refused(copy: Path, name: str) -> None:
    path = copy / name
    path.parent.mkdir(exist_ok=True)
    if name.endswith("/"):
        path.mkdir()
    else:
        path.write_text("x")
    with pytest.raises(BundleRefused, match=re.escape(name.partition("/config")[0])):
        load(copy)


def test_a_pipe_is_refused_unread(copy: Path) -> None:
    (copy / "history.json").unlink()
    os.mkfifo(copy / "history.json")
    with pytest.raises(BundleRefused, match="no plain file"):
        load(copy)


def test_more_files_than_a_bundle_has_are_refused(copy: Path) -> None:
    for number in range(250):
        (copy / f"{number}").touch()
    with pytest.raises(BundleRefused, match="more than 200 files"):
        load(copy)


def test_too_many_bytes_are_refused(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [path.stat().st_size for path in copy.rglob("*") if path.is_file()]
    monkeypatch.setattr(files, "LARGEST_BUNDLE", sum(sizes) - 1)
    with pytest.raises(BundleRefused, match="more than"):
        load(copy)
    monkeypatch.setattr(files, "LARGEST_BUNDLE", sum(sizes))
    assert load(copy).path == copy


def test_verifying_again_uses_what_was_loaded(copy: Path) -> None:
    bundle = load(copy, replay=False)
    (copy / "golden.jsonl").write_text("{}\n")
    assert bundle.verify() == len(golden_mail())


@pytest.mark.parametrize("name", ["spam.tar", "spam.tar.gz", "spam.zip"])
def test_an_archive_is_never_unpacked(copy: Path, tmp_path: Path, name: str) -> None:
    """So that no path in one can lead anywhere; whoever unpacks it has a folder, which is checked."""
    archive = tmp_path / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr("../escaped", b"x")
            made.write(copy / "manifest.json", "manifest.json")
    else:
        with tarfile.open(archive, "w:gz" if name.endswith("gz") else "w") as tar:
            tar.add(copy / "MODEL_CARD.md", "../escaped")
            tar.add(copy / "manifest.json", "manifest.json")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="archives are not unpacked"):
        load(archive)
    assert main(["verify", str(archive)]) == 2
    assert sorted(tmp_path.rglob("*")) == before
