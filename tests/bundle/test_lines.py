"""Events as JSON lines: the same scores, in order, and a bad line is named."""

import json
import subprocess
import sys

import pytest

from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.lines import mail_line, score_lines
from msa_ml.bundle.read import Bundle
from msa_ml.errors import InputError
from tests.main_job import environment


@pytest.mark.parametrize("batch", ["1", "7"])
def test_scores_are_those_of_the_bundle(bundle: Bundle, batch: str) -> None:
    mails = golden_mail()
    words = [sys.executable, "-m", "msa_ml", "score-lines", str(bundle.path), "--batch", batch]
    lines = b"".join(mail_line(name, raw) for name, raw in mails.items())
    done = subprocess.run(words, input=lines, capture_output=True, check=True, env=environment())
    who, *answers = map(json.loads, done.stdout.splitlines())
    assert (who["bundle_id"], who["task"]) == (bundle.id, "spam")
    assert [answer["id"] for answer in answers] == list(mails)
    for answer, raw in zip(answers, mails.values(), strict=True):
        score = bundle.score(raw)
        assert (answer["logit"], answer["decisions"]) == (score.logit, dict(score.decisions))


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[]", b'{"id": "a"}', b'{"id": "a", "raw": "x"}', b'{"id": "a", "raw": 3}', b"\xff"]
)
def test_a_bad_line_is_named(bundle: Bundle, line: bytes) -> None:
    answers = score_lines(bundle, [mail_line("a", b"Subject: x\r\n\r\ny"), line])
    assert json.loads(next(answers))["bundle_id"] == bundle.id
    assert json.loads(next(answers))["id"] == "a"
    with pytest.raises(InputError, match="line 2 is no event"):
        next(answers)
