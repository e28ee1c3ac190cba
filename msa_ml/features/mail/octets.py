"""What the bytes of the view ``raw`` are, in shares: evidence that needs no MIME parser."""

from __future__ import annotations

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.ignored import IGNORED
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.raw import Raw

_EMPTY = "the view is empty"
_CLASSES = {
    "eight_bit": bytes(range(128, 256)),
    "control": bytes((*range(9), 11, 12, *range(14, 32), 127)),
    "upper": bytes(range(65, 91)),
    "digit": bytes(range(48, 58)),
    "blank": b" \t\n\r",
    "angle": b"<>",
    "equals": b"=",
    "percent": b"%",
    "exclamation": b"!",
    "dollar": b"$",
}
_WORDS = {
    "links": b"http",
    "html": b"<html",
    "images": b"<img",
    "base64": b"base64",
    "quoted_printable": b"quoted-printable",
}


class Octets(Extractor):
    """Classes of bytes and a few telling words in the view ``raw``.

    A share is the number of bytes of a class over the number of bytes of the view. A word is counted in the view with
    A-Z made a-z, from left to right and without overlap.
    """

    name = "mail.octets"
    kind = "mail"
    reads = (IGNORED,)
    features = (
        Feature("size", "bytes of the message, without the mbox line", "bytes", portable="yes"),
        Feature("view", "bytes of the view `raw`", "bytes", 0, Raw.limit, portable="yes"),
        *(
            Feature(name, what, "share", 0, 1, nan=_EMPTY, portable="yes")
            for name, what in (
                ("eight_bit", "bytes 128 to 255"),
                ("control", "bytes 0 to 8, 11, 12, 14 to 31 and 127"),
                ("upper", "bytes A to Z"),
                ("digit", "bytes 0 to 9"),
                ("blank", "SP, TAB, LF and CR"),
                ("angle", "bytes < and >"),
                ("equals", "byte ="),
                ("percent", "byte %"),
                ("exclamation", "byte !"),
                ("dollar", "byte $"),
            )
        ),
        *(
            Feature(name, f"how often `{word.decode()}` stands in the view", high=Raw.limit, portable="yes")
            for name, word in _WORDS.items()
        ),
    )

    def extract(self, mail: Message) -> dict[str, float]:
        """Return shares and counts of one mail."""
        view = Raw(lists=self.lists).content(mail)
        found: dict[str, float] = {"size": len(mail.raw), "view": len(view)}
        if view:
            found |= {
                name: (len(view) - len(view.translate(None, some))) / len(view)
                for name, some in _CLASSES.items()
            }
        lower = view.lower()
        return found | {name: lower.count(word) for name, word in _WORDS.items()}
