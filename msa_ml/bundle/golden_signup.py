"""Invented sign-ups for the golden cases: people, tools, and what a client may send.

Names, domains and addresses are reserved for examples (RFC 2606, RFC 5737, RFC 3849); nobody ever sent any of them.
"""

from __future__ import annotations

from typing import Any

_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Mobile/15E148 Safari/604.1"
)
_TIME = "2026-03-10T09:15:02.250Z"


def golden_signup() -> dict[str, dict[str, Any]]:
    """Return events as JSON by name.

    Examples
    --------
    >>> sorted(golden_signup())[:3]
    ['aged_domain', 'all_at_zero', 'bot_in_a_moment']
    """
    return {**_people(), **_tools(), **_hostile()}


def _event(**values: Any) -> dict[str, Any]:
    return {"event_time": _TIME, "ingested_at": _TIME, **values}


def _people() -> dict[str, dict[str, Any]]:
    return {
        "person": _event(
            user_name="anna.weber", display_name="Anna Weber", email="anna.weber@example.org", ip="192.0.2.10",
            asn=64496, country="AT", user_agent=_FIREFOX, device="d-1", form_seconds=41.7,
            verification_method="captcha", verification_attempts=1, referrer="https://www.example.com/mail",
            language="de-AT,de;q=0.9,en;q=0.5", time_zone="Europe/Vienna",
        ),
        "person_on_a_phone": _event(
            user_name="marcio.alves.1987", display_name="Márcio Alves", email="marcio@example.com",
            ip="2001:db8:1:2::3", asn=64497, country="BR", user_agent=_IPHONE, device="d-2", form_seconds=73.2,
            verification_method="sms", verification_attempts=2, referrer="", language="pt-BR",
            time_zone="America/Sao_Paulo",
        ),
        "person_of_another_script": _event(
            user_name="мария.петрова", display_name="Мария Петрова", email="", ip="198.51.100.24", country="BG",
            user_agent=_CHROME, form_seconds=55.0, verification_method="captcha", verification_attempts=1,
            language="bg-BG,bg;q=0.9", time_zone="Europe/Sofia",
        ),
        "person_who_is_slow": _event(
            user_name="opa-hans", email="hans+mail@example.org", ip="203.0.113.7", asn=64498, country="DE",
            user_agent=_FIREFOX, device="d-3", form_seconds=1260.5, verification_method="captcha",
            verification_attempts=5, language="de", time_zone="Europe/Berlin",
        ),
        "family_behind_one_address": _event(
            user_name="lena_w", display_name="Lena", email="anna.weber@example.org", ip="192.0.2.10", asn=64496,
            country="AT", user_agent=_IPHONE, device="d-4", form_seconds=30.0, verification_method="captcha",
            verification_attempts=1, language="de-AT", time_zone="Europe/Vienna",
        ),
        "decided_late": _event(
            decided_at="2026-03-10T09:15:04.000Z", user_name="carla77", email="carla77@example.net", ip="192.0.2.99",
            user_agent=_CHROME, form_seconds=22.0, verification_method="captcha", verification_attempts=1,
        ),
    }  # fmt: skip


def _tools() -> dict[str, dict[str, Any]]:
    return {
        "bot_in_a_moment": _event(
            user_name="xkqjzwvb4821", email="xkqjzwvb4821@mail.example.com", ip="198.51.100.77", asn=64500,
            country="NL", user_agent="python-requests/2.32.3", device="", form_seconds=0.4,
            verification_method="captcha", verification_attempts=9, language="", time_zone="",
        ),
        "row_of_a_generator": _event(
            user_name="jamessmith10293", display_name="James Smith", email="jamessmith10293@example.com",
            ip="203.0.113.201", asn=64501, country="US", user_agent=_CHROME, device="d-9", form_seconds=3.1,
            verification_method="captcha", verification_attempts=1, language="en-US", time_zone="Asia/Ho_Chi_Minh",
        ),
        "captcha_farm": _event(
            user_name="qwertyuiop99", email="qwertyuiop99@example.net", ip="203.0.113.202", country="GB",
            user_agent=_CHROME, device="d-9", form_seconds=64.0, verification_method="captcha",
            verification_attempts=3, language="ru-RU", time_zone="America/New_York",
        ),
        "impossible_program": _event(
            user_name="sales2026team", email="sales2026team@example.org", ip="2001:db8:ffff::1", country="US",
            user_agent="Mozilla/5.0 (Macintosh; Windows NT 5.1) Gecko MSIE 6.0 Chrome/142.0.0.0", form_seconds=1.0,
            verification_method="none", verification_attempts=0, language="zh-CN", time_zone="Europe/London",
        ),
        "thrown_away_address": _event(
            user_name="tempuser1", email="abcdef@mailinator.com", ip="192.0.2.200", user_agent=_FIREFOX,
            form_seconds=8.0, verification_method="email", verification_attempts=1, language="en",
        ),
        "free_address": _event(
            user_name="ben.novak", email="ben.novak.1979@gmail.com", ip="198.51.100.9", country="CZ",
            user_agent=_CHROME, form_seconds=35.0, verification_method="sms", verification_attempts=1,
            language="cs-CZ", time_zone="Europe/Prague",
        ),
        "aged_domain": _event(
            user_name="info", display_name="Info", email="info@shop.example.com", ip="192.0.2.55",
            user_agent=_FIREFOX, form_seconds=18.0, verification_method="captcha", verification_attempts=1,
        ),
    }  # fmt: skip


def _hostile() -> dict[str, dict[str, Any]]:
    return {
        "nothing_is_known": {},
        "only_a_time": {"event_time": _TIME},
        "all_at_zero": _event(
            user_name="0", display_name="0", email="0@0", ip="0.0.0.0", asn=0, form_seconds=0.0,  # noqa: S104 - a value
            verification_attempts=0,
        ),
        "long_name": _event(user_name="a1" * 5_000, email=f"{'b' * 3_000}@example.com", user_agent="x" * 20_000),
        "control_characters": _event(user_name="a\u0000b\u001b[31m", display_name="\u202eevil\u200b", email="@@@", ip="::::"),
        "many_digits": _event(user_name="98765432109876543210", email="1@1.example", ip="203.0.113.255", form_seconds=1e12),
        "emoji": _event(user_name="🙂🙂🙂", display_name="👩‍👩‍👧", email="🙂@example.org", language="xx-🙂"),
        "not_an_address": _event(
            user_name="dora", email="no address at all", ip="999.1.2.3", user_agent=" ", referrer="javascript:0",
            language=";;;q=,", time_zone="Nowhere/Nothing", form_seconds=-5.0,
        ),
        "mixed_scripts": _event(user_name="\u0430dm\u0456n", display_name="Support", email="adm1n@example.org", ip="192.0.2.3"),
    }  # fmt: skip
