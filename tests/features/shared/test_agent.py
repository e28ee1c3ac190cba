"""The rules of User-Agents that travel as a list say what the parser says that they were made from."""

import random
import resource
import time

import pytest

from msa_ml.errors import InputError
from msa_ml.features.shared.agent import AGENT_RULES, LONGEST, Named, named
from msa_ml.features.word_lists import WordList, packaged
from tests.features.signup.agents import AGENTS

RULES = packaged(AGENT_RULES)
PIECES = (
    "Mozilla/5.0", "(", ")", "Linux;", "Android", "10;", " ", "Build/", "/", "1", "9.", "0.", "Mobile", "Safari", "a", "bot", "Bot", "-", "_", "; ",
    "Chrome/", "iPhone", "X11", "[", "\u0661", "\n", "\x00", "é",
)  # fmt: skip


def hostile(number: int) -> list[str]:
    """Agents that would make a backtracking parser try again and again."""
    draw = random.Random(0)
    found = [piece * LONGEST for piece in PIECES]
    for _ in range(number):
        head = draw.choice(("", "Mozilla/5.0 (Linux; Android 10; ", "Mozilla/5.0 (compatible; "))
        pair = draw.choice(PIECES) + draw.choice(PIECES)
        found += [
            head + draw.choice(PIECES) + pair * LONGEST,
            head + "".join(draw.choices(PIECES, k=300)),
        ]
    return found


def test_it_reads_as_the_package_does() -> None:
    from ua_parser import Parser
    from ua_parser.loaders import load_lazy_builtins
    from ua_parser.regex import Resolver

    parser = Parser(Resolver(load_lazy_builtins()))
    for agent in [*AGENTS, *hostile(50)]:
        found, short = named(RULES, agent), agent[:LONGEST]
        browser, system, device = (
            parser.parse_user_agent(short),
            parser.parse_os(short),
            parser.parse_device(short),
        )
        assert found.browser == (browser.family if browser else ""), agent
        digits = (browser.major or "")[:9] if browser else ""
        assert found.version == (int(digits) if digits.isascii() and digits.isdigit() else None), agent
        assert (found.system, found.system_version) == (
            (system.family, system.major or "") if system else ("", "")
        )
        assert found.device == (device.family if device else ""), agent


def test_what_no_rule_fits_is_empty() -> None:
    for agent in ("", "hello", "\x00", "Mozilla/5.0", "🙂" * 1000):
        assert named(RULES, agent) == Named("", None, "", "", "")


@pytest.mark.parametrize(
    ("digits", "version"), [("7", 7), ("0", 0), ("007", 7), ("9" * 400, 999_999_999), ("\u0661", None)]
)
def test_versions_are_numbers_that_end(digits: str, version: int | None) -> None:
    assert named(RULES, f"curl/{digits}.1").version == version


def test_only_the_first_code_points_are_read() -> None:
    assert named(RULES, " " * (LONGEST - 8) + "curl/8.5").browser == "curl"
    assert named(RULES, " " * LONGEST + "curl/8.5").browser == ""


def test_hostile_agents_take_no_time_and_leave_nothing_behind() -> None:
    agents = hostile(500)
    named(RULES, "")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    for agent in agents:
        named(RULES, agent)
    assert (time.process_time() - began) / len(agents) < 0.002
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "[]",
        "{}",
        '["browser","(",null,null]',
        '["robot","a",null,null]',
        '["browser",1,null,null]',
        "[1,2,3,4]",
    ],
)
def test_a_line_that_is_no_rule_is_refused(line: str) -> None:
    with pytest.raises(InputError, match="'agent_rules' holds a line that is no rule"):
        named(WordList(AGENT_RULES, line.encode()), "curl/8.5")


def test_another_list_reads_otherwise() -> None:
    own = WordList(
        AGENT_RULES, b'# ours\n["browser","(Kite)/(\\\\d+)",null,null]\n["device","kite","i","Toy"]\n'
    )
    assert named(own, "Kite/7 curl/8.5") == Named("Kite", 7, "", "", "Toy")
