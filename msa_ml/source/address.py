"""The address of a store: one URL, read once, its password never shown again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from msa_ml.errors import InputError, UnknownNameError

COMPRESSIONS = ("lz4", "zstd", "gzip", "none")
_EXAMPLE = "Write clickhouse://user:password@host:8443/database?secure=true or chdb:///absolute/path."
_NATIVE_PORTS = {9000: 8123, 9440: 8443}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a store is and how to speak to it.

    Attributes
    ----------
    path
        Folder of an embedded store; ``None`` for a server.
    host, port, user, password, database
        Of a server. The password is left out of ``repr`` and of :attr:`public`.
    secure, verify, ca_cert
        HTTPS; whether the certificate is checked; a file of trusted certificates, empty for the system's.
    compression
        One of ``lz4``, ``zstd``, ``gzip``, ``none``.
    connect_timeout, send_receive_timeout
        Seconds.

    Examples
    --------
    >>> parse("clickhouse://ana:secret@ch.example.org:8443/mail?secure=true").public
    'clickhouse://ana@ch.example.org:8443/mail'
    >>> parse("chdb:///srv/msa/store").path
    PosixPath('/srv/msa/store')
    """

    path: Path | None = None
    host: str = ""
    port: int = 0
    user: str = "default"
    password: str = field(default="", repr=False)
    database: str = "default"
    secure: bool = False
    verify: bool = True
    ca_cert: str = ""
    compression: str = "lz4"
    connect_timeout: int = 10
    send_receive_timeout: int = 300

    @property
    def embedded(self) -> bool:
        """Whether the engine runs inside this process."""
        return self.path is not None

    @property
    def host_port(self) -> str:
        """``host:port``, with brackets around an IPv6 address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def public(self) -> str:
        """The URL without its password and options, for messages."""
        if self.path is not None:
            return f"chdb://{self.path}"
        return f"clickhouse://{self.user}@{self.host_port}/{self.database}"


def parse(url: str) -> Address:
    """Read a URL.

    Raises
    ------
    InputError
        Another scheme, no host, a port that speaks ClickHouse's native protocol, an unknown option or a bad value.
        The message never repeats the URL, which may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError(
            "the ClickHouse URL cannot be read: its port or host is malformed.", hint=_EXAMPLE
        ) from error
    if parts.scheme == "chdb":
        return _embedded(parts)
    if parts.scheme == "clickhouse":
        return _server(parts, port)
    found = f"'{parts.scheme}://'" if parts.scheme else "no scheme"
    raise InputError(
        f"the ClickHouse URL must begin with clickhouse:// or chdb://, found {found}.", hint=_EXAMPLE
    )


def _embedded(parts: SplitResult) -> Address:
    if parts.netloc or not parts.path.strip("/"):
        raise InputError(
            "an embedded store needs an absolute path after chdb://",
            hint="Write chdb:///absolute/path (three slashes).",
        )
    if parts.query:
        raise UnknownNameError("option of a chdb:// URL", parts.query.split("=")[0], ["(none)"])
    return Address(path=Path(unquote(parts.path)).resolve())


def _server(parts: SplitResult, port: int | None) -> Address:
    options = _options(parts.query)
    if not parts.hostname:
        raise InputError("the ClickHouse URL names no host.", hint=_EXAMPLE)
    if port in _NATIVE_PORTS:
        raise InputError(
            f"port {port} speaks ClickHouse's native protocol, HTTP is wanted.",
            hint=f"The HTTP interface is usually on port {_NATIVE_PORTS[port]}.",
        )
    secure = _flag(options, "secure", default=port in (443, 8443))
    compression = options.get("compression", "lz4")
    if compression not in COMPRESSIONS:
        raise UnknownNameError("compression", compression, COMPRESSIONS)
    return Address(
        host=parts.hostname,
        port=port or (8443 if secure else 8123),
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.strip("/")) or "default",
        secure=secure,
        verify=_flag(options, "verify", default=True),
        ca_cert=options.get("ca_cert", ""),
        compression=compression,
        connect_timeout=_seconds(options, "connect_timeout", 10),
        send_receive_timeout=_seconds(options, "send_receive_timeout", 300),
    )


_OPTIONS = ("secure", "verify", "ca_cert", "compression", "connect_timeout", "send_receive_timeout")


def _options(text: str) -> dict[str, str]:
    options = dict(parse_qsl(text, keep_blank_values=True))
    for name in options:
        if name not in _OPTIONS:
            raise UnknownNameError("option of a clickhouse:// URL", name, _OPTIONS)
    return options


def _flag(options: dict[str, str], name: str, *, default: bool) -> bool:
    text = options.get(name)
    if text is None:
        return default
    if text.lower() not in ("true", "false", "1", "0"):
        raise InputError(f"option {name} of the ClickHouse URL must be true or false, found '{text}'.")
    return text.lower() in ("true", "1")


def _seconds(options: dict[str, str], name: str, default: int) -> int:
    text = options.get(name)
    if text is None:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= 86_400:
        raise InputError(f"option {name} of the ClickHouse URL must be whole seconds from 1, found '{text}'.")
    return int(text)
