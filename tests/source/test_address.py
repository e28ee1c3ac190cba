"""URLs: what is allowed, what is refused, and what is never shown."""

from pathlib import Path

import pytest

from msa_ml.errors import InputError
from msa_ml.source.address import Address, parse


def test_everything_of_a_server() -> None:
    url = (
        "clickhouse://an%40a:p%3Aa%2Fs@ch.example.org:8444/mail?secure=true&verify=false&ca_cert=/etc/ca.pem"
        "&compression=zstd&connect_timeout=3&send_receive_timeout=60"
    )
    assert parse(url) == Address(
        host="ch.example.org", port=8444, user="an@a", password="p:a/s", database="mail", secure=True, verify=False,
        ca_cert="/etc/ca.pem", compression="zstd", connect_timeout=3, send_receive_timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("url", "port", "secure"),
    [
        ("clickhouse://h", 8123, False),
        ("clickhouse://h?secure=1", 8443, True),
        ("clickhouse://h:8443/", 8443, True),
        ("clickhouse://h:443", 443, True),
        ("clickhouse://h:8443?secure=false", 8443, False),
    ],
)
def test_defaults(url: str, port: int, secure: bool) -> None:
    found = parse(url)
    assert (found.port, found.secure, found.user, found.database) == (port, secure, "default", "default")


def test_ipv6() -> None:
    assert parse("clickhouse://[2001:db8::1]:9123/d").public == "clickhouse://default@[2001:db8::1]:9123/d"


def test_embedded() -> None:
    assert parse("chdb:///srv/a%20b/../store").path == Path("/srv/store")
    assert parse("chdb:///srv/store").public == "chdb:///srv/store"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://ana:hush@h:8123", "must begin with clickhouse:// or chdb://, found 'http://'"),
        ("h:8123", "must begin with"),
        ("ana:hush@h", "must begin with"),
        ("", "found no scheme"),
        ("clickhouse://ana:hush@h:9000/d", "port 9000 speaks ClickHouse's native protocol.*port 8123"),
        ("clickhouse://ana:hush@h:9440/d", "port 8443"),
        ("clickhouse://ana:hush@h:port/d", "port or host is malformed"),
        ("clickhouse://ana:hush@/d", "names no host"),
        ("clickhouse://ana:hush@h?secured=true", "unknown option .* 'secured'. Did you mean 'secure'"),
        (
            "clickhouse://ana:hush@h?secure=maybe",
            "secure of the ClickHouse URL must be true or false, found 'maybe'",
        ),
        ("clickhouse://ana:hush@h?compression=lz5", "unknown compression 'lz5'. Did you mean 'lz4'"),
        ("clickhouse://ana:hush@h?connect_timeout=0.5", "must be whole seconds from 1, found '0.5'"),
        ("clickhouse://ana:hush@h?send_receive_timeout=0", "must be whole seconds from 1"),
        ("chdb://relative/path", "absolute path.*three slashes"),
        ("chdb:///", "absolute path"),
        ("chdb:///srv/store?mode=ro", "unknown option of a chdb:// URL 'mode'"),
    ],
)
def test_what_is_refused(url: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parse(url)
    assert "hush" not in str(caught.value)
