from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from msa_ml.errors import InputError
from msa_ml.records import event_id
from msa_ml.source.files import Found, read_mail
from tests.source.mails import in_mbox, mail, tar, tree

CORPUS = {
    "corpus/easy_ham/0001.aa": mail(1),
    "corpus/easy_ham/0002.bb": in_mbox(mail(2)),
    "corpus/easy_ham/cmds": b"mv 1 0001.aa\n",
    "corpus/easy_ham/.hidden": mail(9),
    "corpus/spam/0001.cc": mail(3),
    "corpus/spam/README": b"Title: about this\n\nnothing\n",
    "corpus/spam/deep/nested.eml": mail(4),
    "corpus/index": b"spam spam/0001.cc\n",
}


def read(*paths: Path) -> tuple[list[Found], Counter[str]]:
    skipped: Counter[str] = Counter()
    return list(read_mail(paths, skipped=skipped)), skipped


def brief(found: list[Found]) -> list[tuple[str, int, tuple[str, ...]]]:
    return [(one.origin, one.position, one.folders) for one in found]


EXPECTED = [
    ("corpus/easy_ham/0001.aa", 0, ("easy_ham",)),
    ("corpus/easy_ham/0002.bb", 1, ("easy_ham",)),
    ("corpus/spam/0001.cc", 2, ("spam",)),
    ("corpus/spam/deep/nested.eml", 3, ("deep",)),
]


def test_a_folder(tmp_path: Path) -> None:
    found, skipped = read(tree(tmp_path, CORPUS) / "corpus")
    assert brief(found) == EXPECTED
    assert skipped == {"not_mail": 3, "hidden": 1}
    assert found[1].raw == mail(2) + b"\n"  # one message: the bytes stay, but for the From line
    assert found[0].path == tmp_path / "corpus/easy_ham/0001.aa"


def pack(path: Path, packed: Path) -> Path:
    content = path.read_bytes()
    packers: dict[str, Callable[[bytes], bytes]] = {
        ".gz": gzip.compress,
        ".xz": lzma.compress,
        ".bz2": bz2.compress,
        ".zst": zstandard.compress,
        ".tgz": gzip.compress,
    }
    packed.write_bytes(packers[packed.suffix](content))
    return packed


@pytest.mark.parametrize("name", ["c.tar", "c.tar.gz", "c.tgz", "c.tar.xz", "c.tar.bz2", "c.tar.zst"])
def test_an_archive_reads_as_its_folder(name: str, tmp_path: Path) -> None:
    path = tar(tmp_path / "c.tar", CORPUS)
    if name != "c.tar":
        path = pack(path, tmp_path / name)
    found, skipped = read(path)
    assert brief(found) == EXPECTED
    assert skipped == {"not_mail": 3, "hidden": 1}
    assert [one.raw for one in found] == [one.raw for one in read(tree(tmp_path, CORPUS) / "corpus")[0]]
    assert all(one.path is None for one in found)


def test_archives_that_are_several_files_glued_together(tmp_path: Path) -> None:
    whole = tar(tmp_path / "c.tar", CORPUS).read_bytes()
    path = tmp_path / "c.tar.zst"
    path.write_bytes(zstandard.compress(whole[:5000]) + zstandard.compress(whole[5000:]))
    assert brief(read(path)[0]) == EXPECTED


def test_an_archive_keeps_its_own_order(tmp_path: Path) -> None:
    files = {f"a/{name}.eml": mail(name) for name in (3, 1, 2)}
    assert [one.origin for one in read(tar(tmp_path / "c.tar", files))[0]] == list(files)


def test_files_at_the_top_of_an_archive_stand_in_a_folder_of_its_name(tmp_path: Path) -> None:
    found, _ = read(tar(tmp_path / "spam.tar", {"./1.eml": mail(1)}))
    assert brief(found) == [("spam/1.eml", 0, ("spam",))]


def test_unsafe_members_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "c.tar"
    with tarfile.open(path, "w") as archive:
        for kind, name in [
            (tarfile.SYMTYPE, "a/1.eml"),
            (tarfile.LNKTYPE, "a/2.eml"),
            (tarfile.CHRTYPE, "a/3.eml"),
            (tarfile.FIFOTYPE, "a/4.eml"),
        ]:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        (tmp_path / "x").write_bytes(mail(5))
        archive.add(tmp_path / "x", "/../../a/5.eml")
    found, skipped = read(path)
    assert brief(found) == [("a/5.eml", 0, ("a",))]
    assert skipped == {"link_or_device": 4}


def test_a_maildir(tmp_path: Path) -> None:
    files = {
        "Mail/cur/1700000001.a.host:2,S": mail(1),
        "Mail/new/1700000002.b.host": mail(2),
        "Mail/tmp/1700000003.c.host": mail(3),
        "Mail/.Spam/cur/1700000004.d.host:2,RS": b"no header, yet mail\n",
        "Mail/.Spam/new/1700000005.e.host": mail(5),
        "Mail/dovecot-uidlist": b"3 V1\n",
    }
    expected = [
        ("Mail/cur/1700000001.a.host", ("Mail",)),
        ("Mail/new/1700000002.b.host", ("Mail",)),
        ("Mail/.Spam/cur/1700000004.d.host", ("Spam",)),
        ("Mail/.Spam/new/1700000005.e.host", ("Spam",)),
    ]
    found, skipped = read(tree(tmp_path, files) / "Mail")
    assert sorted((one.origin, one.folders) for one in found) == sorted(expected)
    assert skipped == {"maildir_tmp": 1, "not_mail": 1}
    assert {one.container for one in found} == {"Mail", "Mail/.Spam"}
    found, skipped = read(tar(tmp_path / "m.tar", files))
    assert [(one.origin, one.folders) for one in found] == expected
    assert skipped == {"maildir_tmp": 1, "not_mail": 1}
    found, _ = read(tmp_path / "Mail" / "cur")
    assert brief(found) == [("Mail/cur/1700000001.a.host", 0, ("Mail",))]


def test_a_folder_called_new_is_no_maildir_by_itself(tmp_path: Path) -> None:
    found, _ = read(tree(tmp_path, {"corpus/new/1.eml": mail(1)}) / "corpus")
    assert found[0].folders == ("new",)


def test_an_mbox_beside_files(tmp_path: Path) -> None:
    files = {
        "corpus/ham/archive": in_mbox(mail(1)) + in_mbox(mail(2)),
        "corpus/ham/5.eml": mail(5),
        "corpus/ham/one.mbox": in_mbox(mail(3)),
    }
    found, _ = read(tree(tmp_path, files) / "corpus")
    assert brief(found) == [
        ("corpus/ham/5.eml", 0, ("ham",)),
        ("corpus/ham/archive", 1, ("archive", "ham")),
        ("corpus/ham/archive", 2, ("archive", "ham")),
        ("corpus/ham/one.mbox", 3, ("one.mbox", "ham")),
    ]
    assert [one.raw for one in found[1:]] == [mail(1), mail(2), mail(3)]


def test_single_files_are_taken_at_their_word(tmp_path: Path) -> None:
    tree(tmp_path, {"in/letter": b"no header at all\n", "in/mail.eml.gz": gzip.compress(mail(2))})
    found, _ = read(tmp_path / "in/letter", tmp_path / "in/mail.eml.gz")
    assert brief(found) == [("in/letter", 0, ("in",)), ("in/mail.eml", 0, ("in",))]
    assert found[1].raw == mail(2)


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"no header\n", b"\0" * 100, bytes(range(256)), mail(1)[:20]]
)
def test_a_numbered_file_is_mail_however_broken(content: bytes, tmp_path: Path) -> None:
    found, skipped = read(tree(tmp_path, {"c/spam/00001.ab": content}) / "c")
    assert [one.raw for one in found] == [content]
    assert not skipped


def test_links_to_files_are_followed_and_loops_are_not(tmp_path: Path) -> None:
    tree(tmp_path, {"c/1.eml": mail(1), "other/2.eml": mail(2)})
    (tmp_path / "c/2.eml").symlink_to(tmp_path / "other/2.eml")
    (tmp_path / "c/loop").symlink_to(tmp_path / "c")
    (tmp_path / "c/3.eml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "c/4.eml")
    found, skipped = read(tmp_path / "c")
    assert [one.raw for one in found] == [mail(1), mail(2)]
    assert skipped == {"link_or_device": 3}


def test_order_does_not_depend_on_the_file_system(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        tree(tmp_path, {f"c/{name}/2.eml": mail(2), f"c/{name}/1.eml": mail(1), f"c/{name}.eml": mail(3)})
    origins = [one.origin for one in read(tmp_path / "c")[0]]
    assert origins == [
        *(f"c/{name}.eml" for name in "abc"),
        *(f"c/{name}/{number}.eml" for name in "abc" for number in (1, 2)),
    ]


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    folder = tree(tmp_path, CORPUS) / "corpus"
    archive = tar(tmp_path / "c.tar", CORPUS)
    seen: list[tuple[int, int]] = []
    list(read_mail([folder, archive], progress=lambda done, total: seen.append((done, total))))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] > archive.stat().st_size


class TestErrors:
    def test_no_path(self) -> None:
        with pytest.raises(InputError, match="no path"):
            read_mail([])

    def test_a_path_that_is_not_there_is_told_before_anything_is_read(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=re.escape(str(tmp_path / "nowhere"))):
            read_mail([tree(tmp_path, CORPUS), tmp_path / "nowhere"])

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"no mail found in .*; 0 files were passed over"):
            read(tmp_path)

    def test_a_folder_without_mail(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"no mail found in .*; 2 files were passed over"):
            read(tree(tmp_path, {"c/README": b"x", "c/a.csv": b"a,b\n"}))

    def test_a_table_is_no_mail(self, tmp_path: Path) -> None:
        tree(tmp_path, {"events.csv": b"user,time\n"})
        with pytest.raises(InputError, match="no mail found"):
            read(tmp_path / "events.csv")

    def test_a_pipe(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(InputError, match="neither a file nor a folder"):
            read(tmp_path / "pipe")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_an_unreadable_file(self, tmp_path: Path) -> None:
        tree(tmp_path, {"c/1.eml": mail(1)})
        (tmp_path / "c/1.eml").chmod(0)
        with pytest.raises(InputError, match="cannot read"):
            read(tmp_path / "c")

    @pytest.mark.parametrize("suffix", [".gz", ".xz", ".bz2", ".zst"])
    def test_a_compressed_archive_that_ends_early(self, suffix: str, tmp_path: Path) -> None:
        files = {f"c/{number}.eml": mail(number, body=os.urandom(500).hex()) for number in range(50)}
        path = pack(tar(tmp_path / "c.tar", files), tmp_path / f"c.tar{suffix}")
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(InputError, match="damaged or incomplete"):
            read(path)

    def test_an_archive_that_ends_early(self, tmp_path: Path) -> None:
        path = tar(tmp_path / "c.tar", {f"c/{number}.eml": mail(number) for number in range(5)})
        path.write_bytes(path.read_bytes()[: 512 + 40])
        with pytest.raises(InputError, match="damaged or incomplete"):
            read(path)

    def test_an_archive_with_a_broken_header_in_the_middle(self, tmp_path: Path) -> None:
        path = tar(tmp_path / "c.tar", {f"c/{number}.eml": mail(number) for number in range(5)})
        content = bytearray(path.read_bytes())
        content[2 * 1024 + 5] ^= 0xFF
        path.write_bytes(content)
        found: list[Found] = []
        with pytest.raises(InputError, match="header is unreadable"):
            found.extend(read_mail([path]))

    def test_something_else_called_tar(self, tmp_path: Path) -> None:
        for name in ("c.tar", "c.tar.gz", "c.tar.xz", "c.tar.zst"):
            (tmp_path / name).write_bytes(b"this is no archive" * 100)
            with pytest.raises(InputError, match="damaged or incomplete"):
                read(tmp_path / name)


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "count"), [("spamassassin", 6047), ("blinux-list", 6019)])
def test_public_corpora(name: str, count: int, shared_data: Path) -> None:
    folders: Counter[str] = Counter()
    ids = set()
    for found in read_mail([shared_data / f"{name}.tar.xz"]):
        folders[found.folders[0]] += 1
        ids.add(event_id(name, found.raw))
    assert folders.total() == count
    assert len(ids) == count
    if name == "spamassassin":
        assert folders == {"easy_ham": 2500, "easy_ham_2": 1400, "hard_ham": 250, "spam": 500, "spam_2": 1397}
