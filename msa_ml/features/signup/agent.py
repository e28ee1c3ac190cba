"""What the browser says it is, and whether that can be."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from msa_ml.features.extractor import Feature
from msa_ml.features.shared.fold import small
from msa_ml.features.table import TableExtractor
from msa_ml.features.word_lists import WordList

_TOOLS, _RELEASES = "agent_tools", "browser_releases"
_NONE = "no User-Agent"
SYSTEMS = {
    "windows": ("Windows NT", "Windows Phone"),
    "mac": ("Macintosh",),
    "ios": ("iPhone", "iPad", "iPod"),
    "android": ("Android",),
    "desk_linux": ("X11",),
}
_FAR = 200.0


class Agent(TableExtractor):
    """System, browser and age of the User-Agent, programs that do not hide, and combinations that no browser sends.

    At most 512 code points are read. All words are looked for wherever they stand, with large and small letters told
    apart: *windows* is ``Windows NT`` or ``Windows Phone``, *mac* ``Macintosh``, *ios* ``iPhone``, ``iPad`` or
    ``iPod``, *android* ``Android``, *desk_linux* ``X11``. The number after a word is that of the first place where digits
    follow it, of which the first nine count; it is told when there is such a place. The version of a browser is the
    number after ``Chrome/`` or ``Firefox/``. *behind* is how many versions the browser is behind the one that was current at
    the moment of the event, by the calendar of the list ``browser_releases``: its version plus the days since then by
    the days a version takes; cut at 200 to either side. Chrome counts where both are told.

    *impossible* counts: more than one of the five systems; ``Firefox/`` with ``Chrome/``; ``Firefox/`` whose number is
    not that after ``rv:``, where both are told; ``Chrome/`` or ``Firefox/`` with an ios (there the browsers are ``CriOS/``, ``FxiOS/``);
    ``Chrome/`` without ``AppleWebKit/537.36``; ``Mobile`` with windows NT, mac or desk_linux and no ``iPad``; ``Trident/`` or
    ``MSIE`` with ``Chrome/``; ``Edg/`` whose number is not that of ``Chrome/``, where both are told.
    """

    name = "signup.agent"
    kind = "signup"
    inputs = ("user_agent", "event_time", "decided_at")
    reads = (_TOOLS, _RELEASES)
    features = (
        Feature("given", "there is one", "flag", 0, 1, portable="yes"),
        Feature("length", "code points, at most 512", "characters", 0, 512, portable="yes"),
        Feature("mozilla", "it begins with Mozilla/5.0 (", "flag", 0, 1, nan=_NONE, portable="yes", source="RFC 9110 10.1.5"),
        *(Feature(system, f"the system is '{system}'", "flag", 0, 1, nan=_NONE, portable="yes") for system in SYSTEMS),
        Feature("mobile", "it has the word Mobile", "flag", 0, 1, nan=_NONE, portable="yes"),
        Feature("chrome", "it has Chrome/, as all browsers on its engine have", "flag", 0, 1, nan=_NONE, portable="yes"),
        Feature("firefox", "it has Firefox/", "flag", 0, 1, nan=_NONE, portable="yes"),
        Feature("safari", "it has Version/ and Safari/ and no Chrome/", "flag", 0, 1, nan=_NONE, portable="yes"),
        Feature("old_engine", "it has MSIE, Trident/, Presto/ or Windows NT 5", "flag", 0, 1, nan=_NONE, portable="yes"),
        Feature("tool", "a word of the list agent_tools is in it, in small letters", "flag", 0, 1, monotone=1, nan=_NONE, portable="yes"),
        Feature("impossible", "combinations that no browser sends", "count", 0, 8, monotone=1, nan=_NONE, portable="yes"),
        Feature("behind", "versions behind the current one of its browser", "count", -_FAR, _FAR, portable="yes",
                nan="no version of Chrome or Firefox, or no time"),
    )  # fmt: skip

    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the values of a batch."""
        short = pl.col("user_agent").fill_null("").str.slice(0, 512)
        rows = batch.select(agent=short, moment=pl.coalesce("decided_at", "event_time").dt.epoch("ms"))
        # Sign-ups share few agents, so each is looked at once.
        each = rows.select(pl.col("agent").unique())
        each = each.with_columns(
            chrome_version=_number(r"Chrome/([0-9]{1,9})"), firefox_version=_number(r"Firefox/([0-9]{1,9})")
        ).with_columns(self._looks())
        found = rows.join(each, on="agent", how="left", maintain_order="left")
        return found.with_columns(behind=self._behind()).select(feature.name for feature in self.features)

    def _looks(self) -> list[pl.Expr]:
        agent = pl.col("agent")
        systems = {system: agent.str.contains_any(list(words)) for system, words in SYSTEMS.items()}
        chrome, firefox = _has("Chrome/"), _has("Firefox/")
        looks = {
            "mozilla": agent.str.starts_with("Mozilla/5.0 ("),
            **systems,
            "mobile": _has("Mobile"),
            "chrome": chrome,
            "firefox": firefox,
            "safari": _has("Version/") & _has("Safari/") & ~chrome,
            "old_engine": agent.str.contains_any(["MSIE", "Trident/", "Presto/", "Windows NT 5"]),
            "tool": small(agent).str.contains_any(list(self.lists[_TOOLS].lines)),
            "impossible": pl.sum_horizontal(
                pl.sum_horizontal(systems.values()) > 1,
                firefox & chrome,
                (pl.col("firefox_version") != _number(r"rv:([0-9]{1,9})")).fill_null(False),  # noqa: FBT003 - polars' own
                (chrome | firefox) & systems["ios"],
                chrome & ~_has("AppleWebKit/537.36"),
                _has("Mobile") & agent.str.contains_any(["Windows NT", "Macintosh", "X11"]) & ~_has("iPad"),
                agent.str.contains_any(["Trident/", "MSIE"]) & chrome,
                (pl.col("chrome_version") != _number(r"Edg/([0-9]{1,9})")).fill_null(False),  # noqa: FBT003 - polars' own
            ),
        }
        given = agent.str.len_bytes() > 0
        return [
            given.alias("given"),
            agent.str.len_chars().alias("length"),
            *(pl.when(given).then(look).alias(name) for name, look in looks.items()),
        ]

    def _behind(self) -> pl.Expr:
        lags = {
            browser: current_version(self.lists[_RELEASES], browser, pl.col("moment")) - pl.col(version)
            for browser, version in (("Chrome", "chrome_version"), ("Firefox", "firefox_version"))
        }
        return pl.coalesce(lags.values()).clip(-_FAR, _FAR)


def current_version(releases: WordList, browser: str, moment: pl.Expr) -> pl.Expr:
    """Return the version of a browser that is current at a moment, with fractions, by the calendar ``browser_releases``.

    Parameters
    ----------
    releases
        The list ``browser_releases``.
    browser
        A name of it: ``Chrome`` or ``Firefox``.
    moment
        ms since 1970, UTC.

    Examples
    --------
    >>> from msa_ml.features.word_lists import packaged
    >>> day = int(datetime(2021, 9, 21, tzinfo=UTC).timestamp()) * 1000
    >>> pl.select(current_version(packaged("browser_releases"), "Chrome", pl.lit(day))).item()
    94.0
    """
    line = next(line for line in releases.lines if line.startswith(browser))
    first, day, days = line.split()[1:]
    began = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1000
    return int(first) + (moment - began) / (float(days) * 86_400_000)


def _has(word: str) -> pl.Expr:
    return pl.col("agent").str.contains(word, literal=True)


def _number(pattern: str) -> pl.Expr:
    return pl.col("agent").str.extract(pattern).cast(pl.Int64)
