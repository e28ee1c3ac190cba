"""Signed bundles load, all others are refused where a key is trusted, and signing changes nothing else."""

import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from msa_ml.bundle import load
from msa_ml.bundle.read import Bundle
from msa_ml.bundle.signing import new_key, private_key, sign, signer
from msa_ml.bundle.write import write
from msa_ml.errors import BundleRefused, InputError
from tests.bundle.tiny import reseal, tiny
from tests.main_job import environment, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    from msa_ml.bundle.golden_mail import golden_mail

    return write(tmp_path / "tiny", tiny(), golden_mail()).path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    new_key(tmp_path / "release.key")
    return tmp_path / "release.key"


def public(key: Path) -> Path:
    return key.with_name(f"{key.name}.pub")


def test_signing_changes_no_other_file_and_not_the_id(folder: Path, key: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    name = load(folder).id
    sign(folder, key)
    assert load(folder).id == name
    assert load(folder, trusted_key=public(key)).id == name
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert set(after) - set(before) == {folder / "manifest.sig"}
    assert all(after[path] == data for path, data in before.items())


def test_the_private_key_is_for_its_owner_and_never_overwritten(key: Path) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with pytest.raises(InputError, match="never overwritten"):
        new_key(key)
    assert b"PRIVATE" not in public(key).read_bytes()


def _unsigned(folder: Path) -> None:
    (folder / "manifest.sig").unlink()


def _changed_file(folder: Path) -> None:
    (folder / "MODEL_CARD.md").write_text("# another card")


def _forged(folder: Path) -> None:
    """Everything fits: hashes, id, golden cases. Only who made it cannot be forged."""
    (folder / "MODEL_CARD.md").write_text("# another card")
    reseal(folder, warnings=())


def _other_key(folder: Path) -> None:
    new_key(folder.with_name("other.key"))
    sign(folder, folder.with_name("other.key"))


def _entry(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "manifest.sig"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return change


def _text(data: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / "manifest.sig").write_bytes(data)

    return change


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_unsigned, "the bundle is not signed"),
        (_changed_file, r"MODEL_CARD\.md was changed"),
        (_forged, "it was changed afterwards"),
        (_other_key, "the bundle is signed by [0-9a-f]{12}; a signature by [0-9a-f]{12} is wanted"),
        (_entry(signature="00" * 64), "it was changed afterwards"),
        (_entry(signature="00"), "it was changed afterwards"),
        (_entry(signature="xy"), "damaged"),
        (_entry(signature=None), "damaged"),
        (_entry(algorithm="none"), "an unknown algorithm"),
        (_entry(key=["a"]), "an unknown algorithm"),
        (_text(b"[]"), "damaged"),
        (_text(b"\xff"), "damaged"),
        (_text(b"[" * 4000), "damaged"),
        (_text(b" " * 5000), "holds more than"),
    ],
)
def test_anything_else_is_refused(folder: Path, key: Path, harm: Callable[[Path], None], said: str) -> None:
    sign(folder, key)
    harm(folder)
    with pytest.raises(BundleRefused, match=said):
        load(folder, trusted_key=public(key))


def test_a_new_key_replaces_an_old_one(folder: Path, key: Path, tmp_path: Path) -> None:
    new_key(tmp_path / "next.key")
    both = tmp_path / "trusted.pub"
    both.write_bytes(public(key).read_bytes() + public(tmp_path / "next.key").read_bytes())
    for chosen in (key, tmp_path / "next.key"):
        assert sign(folder, chosen) == signer(folder)
        load(folder, trusted_key=both)


def test_the_environment_is_obeyed_by_every_load(
    folder: Path, key: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MSA_TRUSTED_KEY", str(public(key)))
    with pytest.raises(BundleRefused, match="not signed"):
        load(folder)
    from msa_ml.bundle.pyfunc import _load_pyfunc

    with pytest.raises(BundleRefused, match="not signed"):
        _load_pyfunc(str(folder))
    load(folder, trusted_key=False)
    # What is being written is not signed yet, and can be.
    write(folder.with_name("second"), tiny(), _golden())
    code, signed, _ = run("sign", str(folder), "--key", str(key), capsys=capsys)
    assert code == 0
    code, verified, _ = run("verify", str(folder), capsys=capsys)
    assert (code, verified["signed_by"]) == (0, signed["key"])
    monkeypatch.delenv("MSA_TRUSTED_KEY")
    code, verified, _ = run("verify", str(folder), capsys=capsys)
    assert (code, verified["signed_by"]) == (0, "")


def test_score_trusts_no_bundle_that_the_named_key_did_not_sign(
    folder: Path, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mail = tmp_path / "a.eml"
    mail.write_bytes(b"Subject: x\n\nhello")
    words = ("score", str(folder), str(mail), "--key", str(public(key)))
    assert run(*words, capsys=capsys)[0] == 1
    run("sign", str(folder), "--key", str(key), capsys=capsys)
    code, found, _ = run(*words, capsys=capsys)
    assert (code, len(found["scores"])) == (0, 1)


def _golden() -> dict[str, bytes]:
    from msa_ml.bundle.golden_mail import golden_mail

    return golden_mail()


def test_keys_that_are_none_are_named(folder: Path, key: Path, tmp_path: Path) -> None:
    rsa = tmp_path / "rsa.key"
    subprocess.run(["openssl", "genrsa", "-out", rsa, "2048"], check=True, capture_output=True)
    with pytest.raises(InputError, match="another kind than Ed25519"):
        sign(folder, rsa)
    with pytest.raises(InputError, match="cannot be read"):
        sign(folder, tmp_path / "gone.key")
    with pytest.raises(InputError, match="no private key"):
        private_key(public(key))
    for wrong in (key, folder / "manifest.json"):
        with pytest.raises(InputError, match="no Ed25519 public key"):
            load(folder, trusted_key=wrong)


def test_openssl_says_the_same(folder: Path, key: Path, tmp_path: Path) -> None:
    sign(folder, key)
    raw = tmp_path / "raw.sig"
    raw.write_bytes(bytes.fromhex(json.loads((folder / "manifest.sig").read_text())["signature"]))
    files = ("-inkey", public(key), "-sigfile", raw, "-in", folder / "manifest.json")
    words = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", *map(str, files)]
    done = subprocess.run(words, capture_output=True, check=False)
    assert b"Verified Successfully" in done.stdout, done.stderr


def test_without_the_library_a_trusted_key_is_an_error_and_no_key_needs_none(folder: Path, key: Path) -> None:
    code = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from msa_ml.bundle import load\n"
        f"load({str(folder)!r})\n"
        f"try: load({str(folder)!r}, trusted_key={str(public(key))!r})\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment()
    )
    assert done.stdout.startswith(
        "InputError a key is configured, but the package cryptography is not installed"
    )
    assert "pip install 'msa-ml[signing]'" in done.stdout


def test_a_copy_keeps_its_signature(bundle: Bundle, key: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle.path, tmp_path / "copy")
    sign(copy, key)
    moved = shutil.copytree(copy, tmp_path / "moved")
    assert load(moved, trusted_key=public(key)).id == bundle.id
