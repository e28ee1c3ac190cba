"""What a User-Agent names, by rules that others maintain and their parser."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from msa_ml.errors import InputError
from msa_ml.features.word_lists import WordList

if TYPE_CHECKING:
    from ua_parser.core import Resolver

AGENT_RULES = "agent_rules"
LONGEST = 512
"""Code points of an agent that are read; real ones are shorter."""
_MOST_DIGITS = 9


class Named(NamedTuple):
    """What a User-Agent names; what no rule fits is empty.

    Attributes
    ----------
    browser, system, device
        Names as the rules have them, for example ``Chrome Mobile``, ``Android``, ``Samsung SM-S908B``.
    version
        First number of the browser's version, of nine digits at most; ``None``: it has none.
    system_version
        The first part of the system's version: a number, or a word such as ``XP``.
    """

    browser: str
    version: int | None
    system: str
    system_version: str
    device: str


def named(rules: WordList, agent: str) -> Named:
    """Return what a User-Agent names.

    The rules are run by an automaton in time linear in the agent, whatever an attacker sends; the same patterns in
    Python's ``re`` are sixty times slower and backtrack. Nothing is remembered: callers look at each agent once.

    Parameters
    ----------
    rules
        The list ``agent_rules``. Its parser is built when it is first used (0.2 s, 26 MB) and kept.
    agent
        Cut to 512 code points.

    Raises
    ------
    InputError
        The list holds a line that is no rule.

    Examples
    --------
    >>> from msa_ml.features.word_lists import packaged
    >>> named(packaged("agent_rules"), "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0")
    Named(browser='Firefox', version=144, system='Windows', system_version='10', device='')
    """
    from ua_parser.core import Domain

    found = _parser(rules)(agent[:LONGEST], Domain.ALL)
    browser, system, device = found.user_agent, found.os, found.device
    return Named(
        browser.family if browser else "",
        _whole(browser.major) if browser else None,
        system.family if system else "",
        (system.major or "") if system else "",
        device.family if device else "",
    )


@lru_cache(maxsize=4)
def _parser(rules: WordList) -> Resolver:
    from ua_parser.core import OS, Device, Matcher, UserAgent
    from ua_parser.lazy import DeviceMatcher, OSMatcher, UserAgentMatcher
    from ua_parser.regex import Resolver as Automaton

    browsers: list[Matcher[UserAgent]] = []
    systems: list[Matcher[OS]] = []
    devices: list[Matcher[Device]] = []
    try:
        for line in rules.lines:
            kind, pattern, second, third = json.loads(line)
            if kind == "browser":
                browsers.append(UserAgentMatcher(pattern, second, third))
            elif kind == "system":
                systems.append(OSMatcher(pattern, second, third))
            elif kind == "device":
                devices.append(DeviceMatcher(pattern, second, third))
            else:
                raise ValueError(kind)
        return Automaton((browsers, systems, devices))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"the list '{rules.name}' holds a line that is no rule of agents.",
            hint="make lists writes the packaged one again.",
        ) from error


def _whole(digits: str | None) -> int | None:
    """Return a number of ASCII digits; the rules fit digits of every script."""
    return int(digits[:_MOST_DIGITS]) if digits and digits.isascii() and digits.isdigit() else None
