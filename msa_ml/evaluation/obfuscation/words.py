"""Change the words of a mail wherever a person reads them: in the subject and in every shown text."""

from __future__ import annotations

from msa_ml.evaluation.obfuscation.letter import Letter
from msa_ml.evaluation.obfuscation.pieces import Change, in_text, in_words


def reworded(raw: bytes, change: Change, *, shortest: int = 4) -> bytes:
    r"""Return a mail in which each word of some length is changed; addresses, tags and files stay as they are.

    Examples
    --------
    >>> reworded(b"Subject: cheap pills\n\nSee http://pills.example/", lambda word: word[::-1])
    b'Subject: paehc sllip\n\nSee http://pills.example/'
    """

    def words(text: str) -> str:
        return in_words(text, change, shortest=shortest)

    return Letter(raw).rewritten(lambda leaf: leaf.restated(in_text(leaf.text, words, html=leaf.html)), words)
