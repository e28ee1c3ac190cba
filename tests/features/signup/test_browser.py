"""What maintained rules read from user agents: a table of agents and values, and what real agents are."""

import json
import time
from datetime import UTC, datetime

import polars as pl
import pytest

from msa_ml.features.shared.agent import AGENT_RULES, named
from msa_ml.features.signup.browser import Browser
from msa_ml.features.table import rows
from msa_ml.features.word_lists import packaged
from tests.features.shared.test_agent import hostile
from tests.features.signup.agents import AGENTS
from tests.features.signup.table import covered, holds

NOW = datetime(2025, 11, 1, tzinfo=UTC)
WINDOWS = "Mozilla/5.0 (Windows NT {}; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"
CHROME = WINDOWS.format("10.0", 142)
PHONE = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
TABLET = PHONE.replace("Mobile ", "")
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS {} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) {} Mobile/15E148 Safari/604.1"
IPAD = "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15"
FIREFOX = "Mozilla/5.0 ({1}; rv:{0}.0) Gecko/20100101 Firefox/{0}.0"
LINUX, SEVEN = "X11; Linux x86_64", "Windows NT 6.1"
LUMIA = (
    "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/52.0.2743.116 Mobile Safari/537.36 Edge/15.15063"
)
CONSOLE = (
    "Mozilla/5.0 (PlayStation 5 3.20) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15"
)
MINI = "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; id) Presto/2.12.423 Version/12.16"
ROBOT = "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"
TABLE: list[tuple[str, str, float | None]] = [
    ("known", CHROME, 1),
    ("known", "hello", 0),
    ("known", "", None),
    ("chrome", PHONE, 1),
    ("chrome", IPHONE.format("18_1", "CriOS/142.0.7444.46"), 1),
    ("chrome", CHROME + " Edg/142.0.0.0", 0),
    ("firefox", FIREFOX.format(144, LINUX), 1),
    ("firefox", IPHONE.format("18_1", "FxiOS/144.0"), 1),
    ("firefox", SAFARI, 0),
    ("safari", SAFARI, 1),
    ("safari", IPAD, 1),
    ("safari", PHONE, 0),
    ("edge", CHROME + " Edg/142.0.0.0", 1),
    ("edge", CHROME, 0),
    ("opera", CHROME + " OPR/124.0.0.0", 1),
    ("opera", CHROME, 0),
    ("minor", CHROME + " Vivaldi/7.6.3797.63", 1),
    ("minor", CHROME, 0),
    ("app", PHONE.replace("; K)", "; Pixel 8; wv)").replace("Chrome/", "Version/4.0 Chrome/"), 1),
    ("app", PHONE, 0),
    ("old", "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", 1),
    ("old", CHROME, 0),
    ("program", "python-requests/2.32.3", 1),
    ("program", "Python-urllib/3.11", 1),
    ("program", "curl/" + "9" * 1_000_000, 1),
    ("program", CHROME, 0),
    ("headless", CHROME.replace("Chrome/", "HeadlessChrome/"), 1),
    ("headless", CHROME, 0),
    ("crawler", ROBOT, 1),
    ("crawler", "Python-urllib/3.11", 0),
    ("crawler", CHROME, 0),
    ("system_known", CHROME, 1),
    ("system_known", "curl/8.5", 0),
    ("system_ended", WINDOWS.format("6.1", 109), 1),
    ("system_ended", WINDOWS.format("5.1", 49), 1),
    ("system_ended", CHROME, 0),
    ("system_ended", SAFARI, 0),
    ("system_ended", "hello", None),
    ("phone", PHONE, 1),
    ("phone", MINI, 1),
    ("phone", IPHONE.format("18_1", "Version/18.1"), 1),
    ("phone", TABLET, 0),
    ("tablet", TABLET, 1),
    ("tablet", IPAD, 1),
    ("tablet", PHONE, 0),
    ("desk", SAFARI, 1),
    ("desk", FIREFOX.format(144, LINUX), 1),
    ("desk", IPAD, 0),
    ("model", PHONE.replace("; K)", "; SM-S908B)"), 1),
    ("model", PHONE, 0),
    ("model", IPHONE.format("18_1", "Version/18.1"), 0),
    ("elsewhere", IPHONE.format("18_1", "Chrome/142.0.0.0"), 1),
    ("elsewhere", SAFARI.replace("Macintosh; Intel Mac OS X 10_15_7", LINUX), 1),
    ("elsewhere", CHROME, 0),
    ("elsewhere", FIREFOX.format(144, "X11; FreeBSD amd64"), 0),
    ("elsewhere", CONSOLE, None),
    ("elsewhere", "hello", None),
    ("outlived", WINDOWS.format("6.1", 142), 1),
    ("outlived", WINDOWS.format("6.3", 110), 1),
    ("outlived", WINDOWS.format("5.1", 50), 1),
    ("outlived", WINDOWS.format("6.1", 142) + " Edg/142.0.0.0", 1),
    ("outlived", FIREFOX.format(144, SEVEN), 1),
    ("outlived", SAFARI.replace("Macintosh; Intel Mac OS X 10_15_7", "Windows NT 10.0"), 1),
    ("outlived", WINDOWS.format("6.1", 109), 0),
    ("outlived", FIREFOX.format(115, SEVEN), 0),
    ("outlived", CHROME, 0),
    ("outlived", "curl/8.5", None),
    ("old_safari", IPHONE.format("18_1", "Version/17.5"), 1),
    ("old_safari", IPHONE.format("18_1", "Version/18.1"), 0),
    ("old_safari", IPHONE.format("18_6", "Version/26.0"), 0),
    ("old_safari", SAFARI, None),
    ("system_differs", CHROME.replace("Win64", "Android"), 1),
    ("system_differs", SAFARI.replace("Intel", "X11; Intel"), 1),
    ("system_differs", CHROME, 0),
    ("system_differs", LUMIA, 0),
    ("system_differs", "hello", None),
    ("browser_differs", FIREFOX.format(144, LINUX) + " Chrome/142.0", 1),
    ("browser_differs", CHROME.replace("Chrome/", "Chromium/"), 1),
    ("browser_differs", CHROME, 0),
    ("browser_differs", IPHONE.format("18_1", "CriOS/142.0.7444.46"), 0),
    ("browser_differs", "Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.16", 0),
    ("browser_differs", "(" * 100_000, None),
    ("behind", CHROME, 0.1),
    ("behind", CHROME + " Edg/132.0.0.0", 10.1),
    ("behind", IPHONE.format("18_1", "CriOS/132.0.7444.46"), 10.1),
    ("behind", WINDOWS.format("10.0", "9" * 400), -200),
    ("behind", SAFARI, None),
    ("too_new", WINDOWS.format("10.0", 150), 1),
    ("too_new", WINDOWS.format("10.0", 145), 0),
    ("too_new", SAFARI, None),
]  # fmt: skip


@pytest.mark.parametrize(("feature", "agent", "expected"), TABLE)
def test_values(feature: str, agent: str, expected: float | None) -> None:
    event = {"user_agent": agent, "event_time": NOW}
    if feature == "behind" and expected is not None:
        assert Browser().extract(event)["behind"] == pytest.approx(expected, abs=0.1)
    else:
        holds(Browser(), event, feature, expected)


def test_the_table_has_every_feature() -> None:
    covered(Browser(), [feature for feature, *_ in TABLE])


@pytest.mark.parametrize("feature", ["behind", "too_new"])
def test_without_a_time_nothing_is_too_new(feature: str) -> None:
    holds(Browser(), {"user_agent": CHROME}, feature, None)


KINDS = (
    "chrome", "firefox", "safari", "edge", "opera", "minor", "app", "old", "program", "headless", "crawler",
)  # fmt: skip
IMPOSSIBLE = ("elsewhere", "outlived", "old_safari", "system_differs", "browser_differs", "too_new")


def test_what_people_send_is_possible_and_of_one_kind() -> None:
    batch = rows("signup", [{"user_agent": agent, "event_time": NOW} for agent in AGENTS])
    found = Browser().compute(batch).with_columns(agent=pl.Series(AGENTS))
    odd = found.filter(pl.sum_horizontal(pl.col(IMPOSSIBLE).fill_nan(0)) > 0)["agent"].to_list()
    assert odd == [
        WINDOWS.format("6.1", 142),
        SAFARI.replace("Macintosh; Intel Mac OS X 10_15_7", "Windows NT 10.0; Win64; x64"),
    ]
    for names in (KINDS, ("phone", "tablet", "desk")):
        assert set(found.select(pl.sum_horizontal(names)).to_series()) == {0, 1}
    of_no_kind = found.filter(pl.sum_horizontal(KINDS) == 0)["agent"]
    assert [agent[:12] for agent in of_no_kind] == [
        "python-httpx", "node-fetch/1", "Dart/3.2 (da", "GuzzleHttp/7", "MyApp/1 CFNe", "Mozilla/5.0 ", "hello", "Mozilla/5.0",
    ]  # fmt: skip


def test_every_name_is_one_that_the_rules_give() -> None:
    rules = [json.loads(line) for line in packaged(AGENT_RULES).lines]
    for list_name, of, before in (("browser_names", "browser", 2), ("system_names", "system", 1)):
        # A name stands in a rule, or is a group of its pattern.
        texts = [rule[1].replace("\\", "") if "$" in rule[2] else rule[2] for rule in rules if rule[0] == of]
        for line in packaged(list_name).lines:
            name = line.split(maxsplit=before)[before]
            read = named(packaged(AGENT_RULES), f"Mozilla/5.0 (X11; {name} 1.0)")
            assert read.system == name or any(name in text for text in texts), name


def test_the_lists_speak_of_the_same_kinds() -> None:
    systems = {line.split()[0] for line in packaged("system_names").lines}
    kinds = set()
    for line in packaged("browser_names").lines:
        kind, made_for, _ = line.split(maxsplit=2)
        kinds.add(kind)
        assert made_for == "*" or set(made_for.split(",")) <= systems, line
    assert kinds == set(KINDS) - {"crawler"}
    assert {line.split()[0] for line in packaged("browser_ends").lines} <= kinds


def test_a_batch_of_different_hostile_agents_takes_seconds() -> None:
    batch = rows("signup", [{"user_agent": agent, "event_time": NOW} for agent in hostile(1500)])
    Browser().matrix(batch[:1])
    began = time.process_time()
    assert len(Browser().matrix(batch)) > 3_000
    assert time.process_time() - began < 5
