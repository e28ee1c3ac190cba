"""The opening of a message as it came, by a rule so plain that any language can follow it."""

from __future__ import annotations

import re

from msa_ml.features.extractor import View
from msa_ml.features.mail.ignored import IGNORED, matcher
from msa_ml.features.mail.message import Message

READ = 65_536
"""Bytes of a message that are looked at."""
_FIELD_END = re.compile(rb"\n(?![ \t])")


class Raw(View):
    """The first bytes of the message as it came, without the ignored fields.

    Nothing is decoded, so encodings, boundaries, hosts and dates are all seen: it scores best within one collection and
    carries the most of that collection to another. It needs no MIME parser, so serving can do without ours.

    The rule, in full (bytes throughout; SP is 0x20, TAB 0x09, CR 0x0D, LF 0x0A):

    1. Take the message without the mbox ``From `` line it may begin with: if the first five bytes are ``From ``, and the
       bytes after them are not any number of SP or TAB and then a colon, the line up to and including its LF is dropped.
    2. Of what is left, take the first 65,536 bytes, and change every CR LF to LF.
    3. If the text begins with LF, there are no fields and the body begins after that LF. Else the header ends before the
       first LF LF, and the body begins after it; without LF LF all of it is header and the body is empty.
    4. Cut the header at every LF that is not followed by SP or TAB. Each piece is a field; its folds stay in it.
    5. The name of a field is what stands before its first colon, with A-Z made a-z and SP and TAB at its end dropped. A
       piece without a colon, or with an empty name, is dropped.
    6. A field is dropped if its name matches a pattern of the list ``ignored_fields``. ``*`` in a pattern stands for any
       bytes, also none; everything else stands for itself; the whole name has to match.
    7. The view is: each remaining field followed by LF, in order; one more LF; the body. Its first 3,000 bytes count.
    """

    name = "raw"
    kind = "mail"
    version = 2
    limit = 3000
    reads = (IGNORED,)
    portable = "yes"

    def content(self, mail: Message) -> bytes:
        """Return the bytes of one mail."""
        text = mail.raw[:READ].replace(b"\r\n", b"\n")
        head, _, body = (b"", b"", text[1:]) if text.startswith(b"\n") else text.partition(b"\n\n")
        ignored = matcher(self.lists[IGNORED])
        kept = []
        for field in _FIELD_END.split(head):
            name, colon, _ = field.partition(b":")
            name = name.lower().rstrip(b" \t")
            if colon and name and not ignored.fullmatch(name):
                kept.append(field + b"\n")
        return (b"".join(kept) + b"\n" + body)[: self.limit]
