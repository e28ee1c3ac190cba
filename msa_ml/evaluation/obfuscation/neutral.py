"""Innocent words: an invented text of every day, for padding where no ham is given."""

from __future__ import annotations

from collections.abc import Sequence

from msa_ml.source.simulate.chance import Chance

TEXT = """
Thanks for sending the notes from Tuesday, I read them on the train and agree with most of what was said. The second
chapter still needs a table that shows how the two groups differ, and I think the figure on page nine should come before
the discussion. Could you ask Anna whether the room is free on Thursday afternoon? We will be six or seven people, and the
projector in the small one did not work last time. I have attached the patch for the parser; it builds here without
warnings, but the tests on the other machine fail because the path has a blank in it. If nobody objects I will commit it
tomorrow and write a line for the manual. My sister arrives on Friday with the children, so we plan to walk along the
river and cook something simple afterwards. Do you still have the recipe with lentils and lemon? The garden is full of
apples this year and we cannot eat them all. Regarding your question about the schedule: the meeting in March was moved
by a week since two members are travelling. The minutes of the last one are on the wiki, please correct whatever I got
wrong. I looked at the log you sent and the disk seems to be fine, it is the controller that resets when the load goes
up. Try an older kernel first, and tell me what the console prints before it hangs. Yesterday we heard a wonderful
concert in the old church, a choir from the north sang pieces that none of us knew. The library wrote that the book you
asked for has come back, they keep it until the end of the month. On another subject, the students liked the exercise
about sorting, though many of them forgot the empty list. I would rather explain it once more on the blackboard than give
them the answer. The weather was kind to us in the mountains, cold in the morning and clear all day. We saw goats and an
eagle, and slept in a hut where the water has to be carried up from the stream. Please give my regards to your parents
and let me know when you are back, then we can look at the budget together and decide about the new shelves. As discussed,
the review of the article is due in two weeks; the authors answered every remark and I believe it is almost ready.
"""


def passage(words: Sequence[str], chance: Chance, fewest: int = 100, most: int = 300) -> str:
    """Return a run of words from anywhere in a text; it goes on at the beginning where it ends.

    Examples
    --------
    >>> import numpy as np
    >>> passage(["a", "b", "c"], Chance(np.random.default_rng(0)), 4, 4)
    'c a b c'
    """
    count, start = chance.integer(fewest, most), chance.below(len(words))
    return " ".join(words[(start + place) % len(words)] for place in range(count))


WORDS = tuple(TEXT.split())
