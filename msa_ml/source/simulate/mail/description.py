"""What is planted in the simulated world, in words, from the very values that make it."""

from __future__ import annotations

from msa_ml.source.simulate.mail import verdicts
from msa_ml.source.simulate.mail.campaign import BASES
from msa_ml.source.simulate.mail.obfuscate import MANNERS
from msa_ml.source.simulate.mail.schemes import SCHEMES
from msa_ml.source.simulate.mail.stream import HAM_KINDS, SPAM_SHARE, STRENGTH
from msa_ml.source.simulate.mail.world import LANGUAGE_SHARES


def describe(*, spam_share: float = SPAM_SHARE, strength: float = STRENGTH) -> str:
    """Return what a world of these settings holds, in lines.

    Examples
    --------
    >>> print(describe().splitlines()[0])
    SYNTHETIC mail: numbers measured on it say nothing about real traffic.
    """
    honest = ", ".join(f"{kind} {share:.0%}" for kind, share in HAM_KINDS.items())
    groups = {
        group: ", ".join(kind for kind, scheme in SCHEMES.items() if scheme.group == group)
        for group in ("spam", "phishing")
    }
    delays = ", ".join(f"{source} {hours:g} h" for source, (hours, _) in verdicts.DELAYS.items())
    wrong = ", ".join(f"{source} {rate:.1%}" for source, rate in verdicts.WRONG["ham"].items() if rate)
    return "\n".join(
        (
            "SYNTHETIC mail: numbers measured on it say nothing about real traffic.",
            f"Share of spam and phishing: {spam_share:.0%}; strength of the attackers: {strength:g} of 1.",
            f"Languages of users: {', '.join(f'{name} {share:.0%}' for name, share in LANGUAGE_SHARES.items())}.",
            f"Honest mail: {honest}; some of it speaks of money, sales and accounts, fails SPF or comes from untidy servers.",
            f"Campaigns of spam: {groups['spam']}.",
            f"Campaigns of phishing: {groups['phishing']}.",
            f"They send from: {', '.join(base.replace('_', ' ') for base in BASES)}.",
            f"They hide words by: {', '.join(manner.replace('_', ' ') for manner in MANNERS)}.",
            "About twenty begin per day, live from an hour to four days, and change every few hours.",
            "A quarter of the kinds is not seen before some later day.",
            f"Median delay of labels: {delays}. Of honest mail so labelled, called spam: {wrong}.",
            f"Unlabelled: {verdicts.UNLABELLED['ham']:.0%} of honest mail, {verdicts.UNLABELLED['spam']:.0%} of the rest.",
        )
    )
