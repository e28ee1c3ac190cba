"""A bundle verifies, scores like the library, and is refused when anything in it was changed."""

import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msa_ml.bundle import golden, read
from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.manifest import Manifest, sha256
from msa_ml.bundle.read import Bundle, load
from msa_ml.bundle.write import Contents, write
from msa_ml.errors import BundleRefused, InputError, UnknownNameError
from msa_ml.features.extraction import vectors_of
from msa_ml.records import Mail
from tests.bundle.tiny import RULE, graph, reseal, tiny
from tests.small_bundle import invented


@pytest.fixture
def copy(bundle: Bundle, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle.path, tmp_path / "copy"))


def test_it_verifies(bundle: Bundle) -> None:
    assert load(bundle.path).verify() == len(golden_mail())


def test_the_same_contents_give_the_same_bytes(
    bundle: Bundle, spam_contents: Contents, tmp_path: Path
) -> None:
    again = write(tmp_path / "again", spam_contents, golden_mail())
    assert again.id == bundle.id


def test_every_file_is_known_and_no_clock_or_path_is_in_the_manifest(bundle: Bundle) -> None:
    text = (bundle.path / "manifest.json").read_text()
    assert str(bundle.path) not in text
    assert set(bundle.manifest.files) == {
        path.relative_to(bundle.path).as_posix()
        for path in bundle.path.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


def test_one_flipped_byte_is_refused_in_every_file(copy: Path, bundle: Bundle) -> None:
    random = np.random.default_rng(0)
    for name in ("manifest.json", *bundle.manifest.files):
        data = (copy / name).read_bytes()
        for place in {0, len(data) // 2, len(data) - 1, *random.integers(0, len(data), 20).tolist()}:
            changed = bytearray(data)
            changed[place] ^= 1
            (copy / name).write_bytes(changed)
            with pytest.raises(BundleRefused):
                load(copy, replay=False)
        (copy / name).write_bytes(data)
    assert load(copy).id == bundle.id


def test_a_missing_file_is_refused(copy: Path, bundle: Bundle) -> None:
    for name in bundle.manifest.files:
        kept = (copy / name).read_bytes()
        (copy / name).unlink()
        with pytest.raises(BundleRefused, match=re.escape(f"{name} is missing")):
            load(copy)
        (copy / name).write_bytes(kept)


def test_a_missing_manifest_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no bundle"):
        load(tmp_path)


def test_an_added_file_is_refused(copy: Path) -> None:
    (copy / "lists" / "more.txt").write_text("example.org")
    with pytest.raises(BundleRefused, match=r"lists/more\.txt"):
        load(copy)


def test_a_newer_format_is_refused(copy: Path) -> None:
    data = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**data, "format": 7}))
    with pytest.raises(BundleRefused, match=r"has format 7; this package .* reads format 1"):
        load(copy)


def test_a_swapped_list_is_refused_although_every_hash_fits(copy: Path) -> None:
    path = copy / "lists" / "free_mail.txt"
    path.write_bytes(path.read_bytes() + b"example.org\n")
    reseal(copy)
    with pytest.raises(BundleRefused, match=r"differs .* in: .*mail\.sender"):
        load(copy)


def test_a_changed_specification_is_refused_although_every_hash_fits(copy: Path) -> None:
    path = copy / "features.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 2', 1))
    reseal(copy)
    with pytest.raises(BundleRefused):
        load(copy)


def test_another_specification_than_the_models_is_refused(copy: Path) -> None:
    reseal(copy, spec_digest="0" * 64)
    with pytest.raises(BundleRefused, match="trained on specification 000000000000"):
        load(copy)


def test_a_class_outside_the_allowed_packages_is_never_imported(copy: Path) -> None:
    path = copy / "features.json"
    path.write_text(path.read_text().replace("msa_ml.features.mail.subject:Subject", "antigravity:Subject"))
    reseal(copy)
    with pytest.raises(BundleRefused, match="outside the allowed packages"):
        load(copy)


def test_other_golden_numbers_are_refused_in_words(copy: Path) -> None:
    path = copy / "golden.jsonl"
    lines = path.read_text().splitlines()
    case = json.loads(lines[0])
    case["logit"] += 1.0
    case["dense"][3] = 12345.0
    path.write_text("\n".join([json.dumps(case), *lines[1:]]) + "\n")
    reseal(copy)
    with pytest.raises(BundleRefused, match=f"golden case '{case['name']}' .*12345 wanted.*logit"):
        load(copy)


def test_links_and_paths_outside_are_refused(copy: Path, tmp_path: Path) -> None:
    kept = (copy / "history.json").read_bytes()
    (tmp_path / "elsewhere").write_bytes(kept)
    (copy / "history.json").unlink()
    (copy / "history.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleRefused, match="symbolic link"):
        load(copy)
    (copy / "history.json").unlink()
    (copy / "history.json").write_bytes(kept)
    manifest = Manifest.parse((copy / "manifest.json").read_bytes())
    outside = replace(manifest, files={**manifest.files, "../elsewhere": sha256(kept)})
    (copy / "manifest.json").write_bytes(outside.render())
    with pytest.raises(BundleRefused, match="outside the bundle"):
        load(copy)


def test_an_existing_folder_is_kept(bundle: Bundle, spam_contents: Contents) -> None:
    with pytest.raises(InputError, match="exists already"):
        write(bundle.path, spam_contents, golden_mail())


def test_a_failed_write_leaves_nothing(spam_contents: Contents, tmp_path: Path) -> None:
    with pytest.raises(BundleRefused):
        write(tmp_path / "spam", replace(spam_contents, graph=b"no graph"), golden_mail())
    assert list(tmp_path.iterdir()) == []


def test_library_and_bundle_give_the_same_numbers(bundle: Bundle) -> None:
    mails, _ = invented(60, seed=5)
    vectors = vectors_of(bundle.features, mails)
    together = bundle.score_vectors(vectors)
    alone = [bundle.score(mail) for mail in mails]
    assert [score.logit for score in together] == [score.logit for score in alone]
    assert [score.decisions for score in together] == [score.decisions for score in alone]


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_batches_score_like_one_mail_at_a_time(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    mails, _ = invented(20, seed=6)
    alone = [bundle.score(mail, policy="fpr_1pct", reasons=2) for mail in mails]
    assert list(bundle.score_many(iter(mails), policy="fpr_1pct", reasons=2, batch=batch)) == alone
    monkeypatch.setattr(read, "BATCH_BYTES", 1)
    taken = iter(mails)
    first = next(bundle.score_many(taken, policy="fpr_1pct", reasons=2, batch=batch))
    assert (first, len(list(taken))) == (alone[0], len(mails) - 1)


def test_no_mails_give_no_scores_and_an_empty_batch_is_refused(bundle: Bundle) -> None:
    assert list(bundle.score_many([])) == []
    with pytest.raises(InputError, match="at least one mail"):
        list(bundle.score_many([b""], batch=0))


def test_a_from_line_a_record_and_bytes_score_alike(bundle: Bundle) -> None:
    raw = golden_mail()["personal"]
    scores = [
        bundle.score(raw),
        bundle.score(b"From ann Tue Mar 10 09:15:02 2026\n" + raw),
        bundle.score(Mail(raw)),
    ]
    assert len({score.logit for score in scores}) == 1


def test_a_decision_is_the_threshold_of_the_named_policy(bundle: Bundle) -> None:
    raw = golden_mail()["pills"]
    for policy in bundle.manifest.policies:
        score = bundle.score(raw, policy=policy.name)
        assert score.policy == policy.name
        assert score.decision == (score.logit >= policy.threshold)
    with pytest.raises(UnknownNameError, match="unknown policy of the bundle 'harsh'"):
        bundle.score(raw, policy="harsh")


def test_reasons_add_evidence_in_words(bundle: Bundle) -> None:
    score = bundle.score(golden_mail()["pills"], reasons=5)
    assert 1 <= len(score.reasons) <= 5
    sizes = [abs(reason.contribution) for reason in score.reasons]
    assert sizes == sorted(sizes, reverse=True)
    assert all(reason.words for reason in score.reasons)


def test_a_golden_case_near_a_threshold_is_left_out(tmp_path: Path) -> None:
    # The one tree says 1 for a long subject, else -1.
    near = replace(RULE, name="near", threshold=float(np.float32(1.0001)))
    bundle = write(tmp_path / "spam", replace(tiny(), policies=[RULE, near]), golden_mail())
    far = [name for name, raw in golden_mail().items() if bundle.score(raw).logit < 0]
    kept = [case.name for case in golden.read_cases((bundle.path / "golden.jsonl").read_text())]
    assert kept == far
    assert 10 <= len(far) < len(golden_mail())
    assert bundle.verify() == len(far)


def test_too_few_golden_cases_are_no_bundle(tmp_path: Path) -> None:
    near = [replace(RULE, name=str(value), threshold=value) for value in (-1.0, 1.0)]
    with pytest.raises(InputError, match=r"0 of \d+ golden events .* a bundle needs 10"):
        write(tmp_path / "spam", replace(tiny(), policies=near), golden_mail())
    few = dict(list(golden_mail().items())[:9])
    with pytest.raises(InputError, match="9 of 9 golden events"):
        write(tmp_path / "spam", tiny(), few)
    assert list(tmp_path.iterdir()) == []


def test_a_graph_of_another_width_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match="the specification wants"):
        write(tmp_path / "spam", replace(tiny(), graph=graph(3)), golden_mail())
    assert list(tmp_path.iterdir()) == []


def test_golden_cases_survive_their_text() -> None:
    case = golden.Case(
        "odd",
        b"\x00\xff",
        {"text": b""},
        np.array([np.nan, np.inf, -np.inf, 0.1], np.float32),
        0.25,
        0.5,
        {"p": True},
    )
    back = golden.Case.from_line(case.to_line())
    assert golden.differences(case, back, ["a", "b", "c", "d"]) == []


def test_threads_share_a_bundle(bundle: Bundle) -> None:
    from concurrent.futures import ThreadPoolExecutor

    mails, _ = invented(40, seed=9)
    one = [bundle.score(mail).logit for mail in mails]
    with ThreadPoolExecutor(8) as pool:
        eight = list(pool.map(lambda mail: bundle.score(mail).logit, mails))
    assert one == eight


def test_the_id_can_be_checked_without_writing_json(bundle: Bundle) -> None:
    text = (bundle.path / "manifest.json").read_bytes()
    line = f'  "id": "{bundle.id}",\n'.encode()
    assert text.count(line) == 1
    assert hashlib.sha256(text.replace(line, b"")).hexdigest() == bundle.id
