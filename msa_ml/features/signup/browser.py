"""Which browser the User-Agent names by rules that others maintain, and whether that browser can be."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import polars as pl

from msa_ml.features.extractor import Feature
from msa_ml.features.shared.agent import AGENT_RULES, LONGEST, Named, named
from msa_ml.features.shared.each import each
from msa_ml.features.signup.agent import SYSTEMS, current_version
from msa_ml.features.table import TableExtractor
from msa_ml.features.word_lists import WordList

_BROWSERS, _SYSTEMS, _ENDS, _RELEASES = "browser_names", "system_names", "browser_ends", "browser_releases"
_NONE = "no User-Agent"
_KINDS: Mapping[str, str] = {
    "chrome": "it is Chrome",
    "firefox": "it is Firefox",
    "safari": "it is Safari",
    "edge": "it is Edge",
    "opera": "it is Opera",
    "minor": "it is another browser that people use",
    "app": "it is a page inside of an app",
    "old": "it is a browser that nobody makes any more",
    "program": "it is a library or tool that fetches pages",
    "headless": "it is a browser without a window",
}
_AUTOMATIC = ("program", "headless")
_DESKS = ("windows", "mac", "linux", "chromeos")
_STAND_FOR = {
    "desk_linux": ("linux", "chromeos"),
    "windows": ("windows", "winphone"),
    # Windows Phone wrote the names of its rivals, so that pages for phones came.
    "android": ("android", "winphone"),
    "ios": ("ios", "winphone"),
}
"""Systems that the words of ``signup.agent`` may stand for; others stand for the one of their name."""
_CALENDARS = {"chrome": "Chrome", "edge": "Chrome", "firefox": "Firefox"}
_FAR, _EARLY = 200.0, 5.0
_PLAIN_DEVICES = frozenset({"", "K", "Mac", "iPhone", "iPad", "iPod", "iOS-Device", "Spider"})


class Browser(TableExtractor):
    """Browser, system and device that maintained rules read from the User-Agent, and what cannot be about them.

    ``signup.agent`` looks for words wherever they stand; the rules here know the order in which some 1,200 browsers,
    systems and devices write themselves, and so tell an app's page from a browser, a robot from its disguise. They are the
    list ``agent_rules``, made from ``ua-parser-builtins`` by ``make lists``, and travel in the bundle; ``ua-parser`` runs them.
    Flags of the kind of browser are by the list ``browser_names``, those of the system by ``system_names``.

    At most 512 code points are read. A browser is *elsewhere* on a system for which it was never made, and *outlived* when
    its version is beyond the last one that ran there (``browser_ends``). *behind* is that of ``signup.agent`` by the name and
    version that the rules read, for Chrome, Edge and Firefox on every system; *too_new* is more than five versions ahead.
    *system_differs* and *browser_differs* tell a User-Agent that was put together from one that a browser wrote: words of
    it stand for something else than it is by its build.

    Versions as they stand are left out: they go up from week to week, so that a model would learn those of its window.
    """

    name = "signup.browser"
    kind = "signup"
    inputs = ("user_agent", "event_time", "decided_at")
    reads = (AGENT_RULES, _BROWSERS, _SYSTEMS, _ENDS, _RELEASES)
    features = (
        Feature("known", "a rule names the browser", "flag", 0, 1, nan=_NONE),
        *(Feature(kind, what, "flag", 0, 1, nan=_NONE, monotone=1 if kind in _AUTOMATIC else 0) for kind, what in _KINDS.items()),
        Feature("crawler", "a rule names a robot that is none of these", "flag", 0, 1, monotone=1, nan=_NONE),
        Feature("system_known", "a rule names the system", "flag", 0, 1, nan=_NONE),
        Feature("system_ended", "browsers are no longer made for the system's version", "flag", 0, 1, nan="no system is known"),
        Feature("phone", "it is on a phone", "flag", 0, 1, nan=_NONE),
        Feature("tablet", "it is on a tablet", "flag", 0, 1, nan=_NONE),
        Feature("desk", "it is on a desk", "flag", 0, 1, nan=_NONE),
        Feature("model", "it tells a model of the device, as browsers did before 2023", "flag", 0, 1, nan=_NONE,
                source="User-Agent reduction, privacysandbox.com"),
        Feature("elsewhere", "the browser was never made for the system", "flag", 0, 1, monotone=1, nan="either is unknown"),
        Feature("outlived", "the browser is beyond the last version that ran on the system", "flag", 0, 1, monotone=1, nan="either is unknown"),
        Feature("old_safari", "Safari has a lower number than its iOS", "flag", 0, 1, monotone=1, nan="no Safari of an iOS, or no versions"),
        Feature("system_differs", "words of it stand for another system than the one it is by its build", "flag", 0, 1, monotone=1,
                nan="no system is known"),
        Feature("browser_differs", "words of it stand for another browser than the one it is by its build", "flag", 0, 1, monotone=1,
                nan="no browser is known"),
        Feature("behind", "versions behind the current one of its browser", "count", -_FAR, _FAR,
                nan="no version of Chrome, Edge or Firefox, or no time"),
        Feature("too_new", "its version is more than five ahead of the current one", "flag", 0, 1, monotone=1,
                nan="no version of Chrome, Edge or Firefox, or no time"),
    )  # fmt: skip

    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the values of a batch."""
        moment = batch.select(moment=pl.coalesce("decided_at", "event_time").dt.epoch("ms"))
        found = each(batch["user_agent"], self._look, _LOOKS, limit=LONGEST).hstack(moment)
        behind = pl.coalesce(
            pl.when(pl.col("calendar") == place).then(
                current_version(self.lists[_RELEASES], browser, pl.col("moment")) - pl.col("version")
            )
            for place, browser in enumerate(_BY_CALENDAR)
        ).clip(-_FAR, _FAR)
        found = found.with_columns(behind=behind).with_columns(
            too_new=(pl.col("behind") < -_EARLY).cast(pl.Float64)
        )
        return found.select(feature.name for feature in self.features)

    def _look(self, agent: str) -> tuple[float | None, ...]:
        """Return the values of one agent in the order of ``_LOOKS``."""
        if not agent:
            return (None,) * len(_LOOKS)
        known = _knowledge(self.lists[_BROWSERS], self.lists[_SYSTEMS], self.lists[_ENDS])
        read = named(self.lists[AGENT_RULES], agent)
        kind, systems = known.browsers.get(read.browser, ("", ()))
        system = known.systems.get(read.system, "")
        phone, tablet = _held(read, system, agent)
        values: dict[str, float | None] = {
            "known": read.browser != "",
            **{one: one == kind for one in _KINDS},
            "crawler": read.device == "Spider" and kind not in _AUTOMATIC,
            "system_known": read.system != "",
            "system_ended": (read.system, read.system_version) in known.ended if system else None,
            "phone": phone,
            "tablet": tablet,
            "desk": system in _DESKS,
            "model": read.device not in _PLAIN_DEVICES and not read.device.startswith("Generic "),
            "elsewhere": system not in systems and "*" not in systems if kind and system else None,
            "outlived": known.outlived(kind, read) if kind and system and read.version is not None else None,
            "old_safari": _old_safari(read),
            "system_differs": _other_system(system, agent) if system else None,
            "browser_differs": _other_browser(kind, system, read, agent) if kind else None,
            "calendar": _BY_CALENDAR.index(_CALENDARS[kind]) if kind in _CALENDARS and read.version is not None else None,
            "version": read.version,
        }  # fmt: skip
        return tuple(values[name] for name in _LOOKS)


_BY_CALENDAR = ("Chrome", "Firefox")
_LATER = ("behind", "too_new")
_LOOKS = (
    *(feature.name for feature in Browser.features if feature.name not in _LATER),
    "calendar",
    "version",
)


class _Knowledge(NamedTuple):
    browsers: Mapping[str, tuple[str, tuple[str, ...]]]
    systems: Mapping[str, str]
    ends: Mapping[tuple[str, str, str], int]
    ended: frozenset[tuple[str, str]]

    def outlived(self, kind: str, read: Named) -> bool:
        last = self.ends.get(
            (kind, read.system, read.system_version), self.ends.get((kind, read.system, "*"))
        )
        return last is not None and read.version is not None and read.version > last


@lru_cache(maxsize=4)
def _knowledge(browsers: WordList, systems: WordList, ends: WordList) -> _Knowledge:
    kinds = {}
    for line in browsers.lines:
        kind, made_for, name = line.split(maxsplit=2)
        kinds[name] = (kind, tuple(made_for.split(",")))
    classes = {}
    for line in systems.lines:
        kind, name = line.split(maxsplit=1)
        classes[name] = kind
    last = {}
    for line in ends.lines:
        kind, system, version, number = line.split()
        last[kind, system, version] = int(number)
    ended = frozenset((system, version) for _, system, version in last if version != "*")
    return _Knowledge(kinds, classes, last, ended)


def _held(read: Named, system: str, agent: str) -> tuple[bool, bool]:
    """Return whether it is a phone, and whether it is a tablet."""
    if system == "ios":
        return read.device != "iPad", read.device == "iPad"
    if system == "android":
        # By Android's own rule phones write Mobile and tablets do not.
        mobile = "Mobile" in agent or read.device == "Generic Smartphone"
        return mobile, not mobile
    return system in ("winphone", "kaios", "symbian"), False


def _old_safari(read: Named) -> bool | None:
    # Since 26 Safari counts on while its iOS stands still in the User-Agent, so a higher number says nothing.
    if read.browser != "Mobile Safari" or read.version is None or not read.system_version.isdecimal():
        return None
    return read.version < int(read.system_version[:9])


def _other_system(system: str, agent: str) -> bool:
    told = [word for word, texts in SYSTEMS.items() if any(text in agent for text in texts)]
    return any(system not in _STAND_FOR.get(word, (word,)) for word in told)


def _other_browser(kind: str, system: str, read: Named, agent: str) -> bool:
    engine, gecko = "Chrome/" in agent, "Firefox/" in agent
    if "MSIE" in agent or "Trident/" in agent:
        return kind not in ("old", "opera") and system != "winphone"
    if kind in ("chrome", "edge"):
        # On Apple's systems they are Safari with another name, CriOS/ or EdgiOS/.
        return gecko or (not engine and system not in ("ios", "mac"))
    if kind == "opera":
        # Since 15 it stands on Chrome's engine.
        return gecko or (read.browser == "Opera" and (read.version or 0) >= 15 and not engine)
    return (kind in ("firefox", "safari") and engine) or (kind == "safari" and gecko)
