"""Addresses of pages as honest and dishonest senders write them: the same shapes, at other rates."""

from __future__ import annotations

from msa_ml.source.simulate.chance import Chance
from msa_ml.source.simulate.mail import names
from msa_ml.source.simulate.mail.world import SHORTENERS

_ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_PATHS = (
    "account", "shop", "order", "item", "login", "news", "view", "en", "track", "p", "article", "offers", "verify",
    "secure", "kb", "blog", "wp-content", "download", "doc", "client",
)  # fmt: skip


def page(chance: Chance, host: str) -> str:
    """Return an ordinary page of a host."""
    scheme = "https" if chance.yes(0.93) else "http"
    front = chance.pick(("www.", "www.", "", "", "shop.", "my.", "login."))
    path = "/".join(chance.pick(_PATHS) for _ in range(chance.integer(1, 2)))
    tail = chance.below(5)
    if tail == 0:
        path += f"/{chance.integer(1000, 9_999_999)}"
    elif tail == 1:
        path += f"?id={chance.text(_ALNUM, chance.integer(6, 14))}"
    elif tail == 2:
        path += chance.pick((".html", ".php", "/"))
    return f"{scheme}://{front}{host}/{path}"


def tracked(chance: Chance, host: str, front: str = "click") -> str:
    """Return a link that counts who follows it."""
    shape = chance.below(3)
    token = chance.text(_ALNUM, chance.integer(24, 60))
    if shape == 0:
        return f"https://{front}.{host}/ls/click?upn={token}"
    if shape == 1:
        return f"https://{front}.{host}/c/{token}"
    return f"https://{front}.{host}/f/a/{token}~~/{chance.text(_ALNUM, 12)}"


def short(chance: Chance) -> str:
    """Return a shortened link."""
    return f"https://{chance.pick(SHORTENERS)}/{chance.text(_ALNUM, chance.integer(5, 8))}"


def odd(chance: Chance, host: str) -> str:
    """Return a link of a rarer shape: a bare address, a redirect, a deep sub-domain, a port, a file on a rented site."""
    shape = chance.below(5)
    if shape == 0:
        return f"http://{names.hosting_ip(chance)}/{chance.pick(_PATHS)}/{chance.text(_ALNUM, 5)}"
    if shape == 1:
        return f"https://www.{host}/redirect?url=https%3A%2F%2F{names.domain(chance)}%2F{chance.pick(_PATHS)}"
    if shape == 2:
        return f"https://{chance.pick(_PATHS)}.{chance.pick(_PATHS)}-{chance.hex(4)}.{host}/{chance.text(_ALNUM, 8)}"
    if shape == 3:
        return f"http://{host}:{chance.pick((8080, 8443, 81))}/{chance.pick(_PATHS)}"
    return f"https://{host}/wp-content/{chance.pick(('uploads', 'themes', 'plugins'))}/{chance.text(_ALNUM, 6)}.html"
