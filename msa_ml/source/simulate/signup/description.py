"""What is planted in a world of sign-ups, in words, from the very values that make it, and as it turned out."""

from __future__ import annotations

from msa_ml.source.simulate.signup import verdicts
from msa_ml.source.simulate.signup.countries import COUNTRIES, CROWDED
from msa_ml.source.simulate.signup.frames import Planted
from msa_ml.source.simulate.signup.plan import ATTACKS, CROWDED_SHARE, PEOPLE, Plan


def describe_signups(plan: Plan, planted: Planted | None = None) -> str:
    """Return what a world holds, in lines; with its counts when it has been made.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> world = Plan(rows=1000, days=7, seed=1, start=datetime(2026, 3, 2, tzinfo=UTC))
    >>> print(describe_signups(world).splitlines()[0])
    SYNTHETIC sign-ups: numbers measured on them say nothing about real traffic.
    """
    people = ", ".join(f"{place} {share:.1%}" for place, share in PEOPLE.items())
    attacks = ", ".join(f"{kind} {attack.share:.0%}" for kind, attack in ATTACKS.items())
    late = ", ".join(f"{kind} from {attack.begins:.0%}" for kind, attack in ATTACKS.items() if attack.begins)
    begins = ", ".join(f"{kind} {hours:g} h" for kind, (hours, _) in verdicts.BEGINS.items())
    noticed = ", ".join(
        f"{source} {share:.0%} after {hours:g} h" for source, (share, hours, _) in verdicts.NOTICED.items()
    )
    wronged = ", ".join(f"{source} {share:.2%}" for source, share in verdicts.WRONGED.items())
    good = f"{verdicts.CALLED_GOOD['automatic']:.0%}, also of attackers that wait; {verdicts.CORRECTED:.0%} of these are taken back once found out"
    more = f"{verdicts.WRONGED_MORE:g} times as often from schools, offices, VPNs and crowded addresses"
    lines = [
        "SYNTHETIC sign-ups: numbers measured on them say nothing about real traffic.",
        f"{plan.rows:,} sign-ups in {plan.days:g} days from {plan.start:%Y-%m-%d}, seed {plan.seed}; {plan.abuse_share:.0%} abusive.",
        f"People sign up by the clocks of {', '.join(country.code for country in COUNTRIES)}, from: {people}.",
        f"{CROWDED_SHARE:.0%} of all rows are people behind one address of a carrier in {CROWDED}, where attackers hide too.",
        f"{len(plan.tools):,} campaigns of attackers, of all abuse: {attacks}; not seen before some time: {late}.",
        "Tools make names by lists, syllables, letters, words or counters, and ever more like people do.",
        f"Median time until an abusive account begins: {begins}.",
        f"Of those that can be noticed, with the median time after that: {noticed}.",
        f"Called good after {verdicts.GOOD_AFTER_DAYS} days without abuse: {good}.",
        f"Honest accounts called abusive: {wronged}, {more}; {verdicts.APPEALED:.0%} appeal and an analyst puts it right.",
        "One in a hundred rows is known minutes late, and in some hours a third of them an hour late.",
    ]
    if planted is not None:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in planted.kinds.most_common())
        labels = ", ".join(f"{name} {count:,}" for name, count in sorted(planted.labels.items()))
        lines += [
            f"Made: {planted.rows:,} sign-ups, {planted.abuse:,} abusive by {len(planted.tools):,} campaigns: {kinds}.",
            f"Labels: {labels}; {1 - planted.labelled / max(1, planted.rows):.0%} of the sign-ups have none.",
            f"Known more than five minutes late: {planted.late:,}.",
        ]
    return "\n".join(lines)
