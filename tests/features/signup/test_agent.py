"""User agents: a table of agents and values."""

from datetime import UTC, datetime

import pytest

from msa_ml.features.signup.agent import Agent
from tests.features.signup.table import covered, holds

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"
EDGE = CHROME.format(142) + " Edg/{}.0.0.0"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:{}.0) Gecko/20100101 Firefox/144.0"
PHONE = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) {} Mobile/15E148 Safari/604.1"
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15"
TABLE: list[tuple[str, str, float | None]] = [
    ("given", "x", 1),
    ("given", "", 0),
    ("length", "abc", 3),
    ("length", "x" * 1_000_000, 512),
    ("mozilla", SAFARI, 1),
    ("mozilla", "Mozilla/4.0", 0),
    ("mozilla", "", None),
    ("windows", CHROME.format(1), 1),
    ("windows", SAFARI, 0),
    ("mac", SAFARI, 1),
    ("mac", IPHONE, 0),
    ("ios", IPHONE, 1),
    ("ios", PHONE, 0),
    ("android", PHONE, 1),
    ("android", SAFARI, 0),
    ("desk_linux", FIREFOX, 1),
    ("desk_linux", PHONE, 0),
    ("mobile", PHONE, 1),
    ("mobile", SAFARI, 0),
    ("chrome", PHONE, 1),
    ("chrome", SAFARI, 0),
    ("firefox", FIREFOX, 1),
    ("firefox", SAFARI, 0),
    ("safari", SAFARI, 1),
    ("safari", PHONE, 0),
    ("old_engine", "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", 1),
    ("old_engine", SAFARI, 0),
    ("tool", "Python-Requests/2.32", 1),
    ("tool", CHROME.format(142).replace("Chrome/", "HeadlessChrome/"), 1),
    ("tool", PHONE.replace("K)", "CUBOT X30)"), 0),
    ("tool", FIREFOX.format(144), 0),
    ("impossible", CHROME.format(142), 0),
    ("impossible", EDGE.format(142), 0),
    ("impossible", EDGE.format(99), 1),
    ("impossible", FIREFOX.format(144), 0),
    ("impossible", FIREFOX.format(99), 1),
    ("impossible", PHONE, 0),
    ("impossible", SAFARI, 0),
    ("impossible", IPHONE.format("Version/18.1"), 0),
    ("impossible", IPHONE.format("CriOS/142.0"), 0),
    ("impossible", IPHONE.format("Chrome/142.0"), 2),  # Chrome on an iPhone, and on another engine
    ("impossible", SAFARI.replace("Macintosh", "Windows NT 10.0; Android"), 1),
    ("impossible", CHROME.format(142) + " Trident/7.0", 1),
    ("impossible", CHROME.format(142) + " Firefox/144.0", 1),
    ("impossible", SAFARI + " Mobile", 1),
    ("impossible", "(" * 100_000, 0),
    ("behind", CHROME.format(94), 0),
    ("behind", CHROME.format(84), 10),
    ("behind", CHROME.format(999_999_999), -200),
    ("behind", CHROME.format(9 * 10**30), -200),
    ("behind", SAFARI, None),
]


@pytest.mark.parametrize(("feature", "agent", "expected"), TABLE)
def test_values(feature: str, agent: str, expected: float | None) -> None:
    holds(Agent(), {"user_agent": agent, "event_time": datetime(2021, 9, 21, tzinfo=UTC)}, feature, expected)


def test_without_a_time_nothing_is_behind() -> None:
    holds(Agent(), {"user_agent": CHROME.format(94)}, "behind", None)


def test_what_was_current_gets_old() -> None:
    event = {"user_agent": FIREFOX.format(144), "decided_at": datetime(2025, 10, 14, tzinfo=UTC)}
    assert abs(Agent().extract(event)["behind"]) < 1
    assert Agent().extract({**event, "decided_at": datetime(2026, 10, 14, tzinfo=UTC)})["behind"] > 11


def test_the_table_has_every_feature() -> None:
    covered(Agent(), [feature for feature, *_ in TABLE])
