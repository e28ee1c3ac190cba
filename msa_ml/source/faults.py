"""What went wrong in ClickHouse or on the way to it, and which of our errors says so.

Codes are those of ClickHouse's ``ErrorCodes.cpp``. A server's message may repeat values of rows, so only the messages
of errors about names, rights and limits are shown; the rest stays in the cause (``--debug``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from msa_ml.errors import InputError, MsaError, SourceUnavailable
from msa_ml.source.address import Address

Way = Literal["refused", "lost", "answered"]

_BUSY = {202, 209, 210, 999}  # too many queries, socket timeout, network error, Keeper: all pass
_USER = {192, 193, 194, 516}
_RIGHTS = {164, 497}
_NAMES = {10, 16, 36, 47, 60, 81, 352}
_STATEMENT = {
    42,
    43,
    46,
    62,
}  # syntax, functions and their types: the message repeats the statement, not the rows
_LIMITS = {
    158: "max_rows_to_read",
    159: "max_execution_time",
    160: "max_execution_time",
    241: "max_memory_usage",
    307: "max_bytes_to_read",
    396: "max_result_rows",
}
_CODE = re.compile(r"\b[Cc]ode: (\d+)")
_NAME = re.compile(r"\(([A-Z][A-Z0-9_]{3,})\)")
_STATUS = re.compile(r"HTTP status (\d{3})")
_TRANSPORT = ("urllib3.", "http.client", "ssl", "socket")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One failure, read from an exception and its causes.

    Attributes
    ----------
    code
        ClickHouse's error code; 0 when there is none.
    status
        HTTP status of an answer without a code; 0 when there is none.
    way
        ``refused``: nothing was executed; ``lost``: the answer is missing; ``answered``: the server said no.
    text
        The server's own words.
    """

    code: int
    status: int
    way: Way
    text: str

    @property
    def transient(self) -> bool:
        """Whether trying again may help."""
        return self.way != "answered"


def read(error: BaseException) -> Trouble | None:
    """Read a failure of the source; ``None`` for an error that is none of its own."""
    chain = list(_causes(error))
    ours = [e for e in chain if type(e).__module__.startswith(("clickhouse_connect.", "chdb"))]
    broken = [e for e in chain if _is_transport(e)]
    if not ours and not broken:
        return None
    text = str(ours[0] if ours else broken[0])
    codes = (getattr(e, "code", None) for e in ours)
    code = next((found for found in codes if isinstance(found, int)), 0)
    if not code and (match := _CODE.search(text)):
        code = int(match.group(1))
    status = int(match.group(1)) if not code and (match := _STATUS.search(text)) else 0
    return Trouble(code, status, _way(code, status, broken), text)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        here = waiting.pop(0)
        if not isinstance(here, BaseException) or id(here) in seen:
            continue
        seen.add(id(here))
        yield here
        # urllib3 keeps the cause in `reason` or among the arguments.
        waiting += [here.__cause__, here.__context__, getattr(here, "reason", None), *here.args]


def _is_transport(error: object) -> bool:
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    module = type(error).__module__
    return isinstance(error, Exception) and (
        module.startswith(_TRANSPORT) or type(error).__name__ in ("ArrowInvalid", "gaierror")
    )


def _way(code: int, status: int, broken: list[BaseException]) -> Way:
    if code:
        return "refused" if code in _BUSY else "answered"
    if status in (429, 502, 503):
        return "refused"
    if status == 504:
        return "lost"
    names = {type(e).__name__ for e in broken}
    if names & {"SSLCertVerificationError", "SSLError", "gaierror", "NameResolutionError"}:
        return "answered"  # a wrong name or certificate does not mend itself
    if names & {"ConnectionRefusedError", "ConnectTimeoutError"}:
        return "refused"
    return "lost" if broken else "answered"


def translate(error: Exception, address: Address) -> Exception:
    """Return the error to raise instead; one that is not the source's own comes back as it is."""
    if isinstance(error, MsaError):
        return error
    trouble = read(error)
    if trouble is None:
        return error
    return _unreachable(trouble, error, address) if not trouble.code else _answered(trouble, address)


@contextmanager
def translated(address: Address) -> Iterator[None]:
    """Raise the source's failures inside as our own errors, with their cause."""
    try:
        yield
    except Exception as error:
        found = translate(error, address)
        if found is error:
            raise
        raise found from error


def _unreachable(trouble: Trouble, error: Exception, address: Address) -> MsaError:
    where = address.public if address.embedded else address.host_port
    names = {type(e).__name__ for e in _causes(error)}
    if trouble.status:
        return SourceUnavailable(
            f"ClickHouse at {where} answered with HTTP status {trouble.status}.",
            hint="Is this ClickHouse's HTTP port, and is the server (or the proxy before it) up?",
        )
    if names & {"gaierror", "NameResolutionError"}:
        what, hint = "the host name is not known", "Check the host in MSA_CLICKHOUSE_URL."
    elif names & {"SSLCertVerificationError", "SSLError"}:
        what, hint = (
            "TLS failed",
            "Check secure=, the port, and ca_cert= (or verify=false in a test) in the URL.",
        )
    elif "ConnectionRefusedError" in names:
        what, hint = (
            "the connection was refused",
            "Is the server running, and is host:port its HTTP interface (8123 or 8443)?",
        )
    elif names & {"ConnectTimeoutError", "ReadTimeoutError", "TimeoutError"}:
        what = "it did not answer in time"
        hint = "Raise connect_timeout= or send_receive_timeout= in the URL, or narrow the window."
    elif trouble.way == "lost":
        what, hint = "the connection broke off", "Try again; if it repeats, look into the server's log."
    else:
        what, hint = "an operation failed", "Run again with --debug to see the cause."
    return SourceUnavailable(f"no answer from ClickHouse at {where}: {what}.", hint=hint)


def _answered(trouble: Trouble, address: Address) -> MsaError:
    code, words = trouble.code, first_line(trouble.text)
    name = _NAME.findall(trouble.text)
    label = f"code {code}{', ' + name[-1] if name else ''}"
    if code in _NAMES:
        return InputError(
            f"no such table or column in {address.public} ({label}): {words}",
            hint="Run `msa-ml init` for our tables, `msa-ml check-source` for your own.",
        )
    if code in _STATEMENT:
        return InputError(
            f"ClickHouse cannot read a statement ({label}): {words}", hint="Check `query` in msa.toml."
        )
    message, hint = _denied(code, label, words, address)
    if message:
        return SourceUnavailable(message, hint=hint)
    return InputError(
        f"ClickHouse could not run a statement ({label}).",
        hint="Run again with --debug to see its own message.",
    )


def _denied(code: int, label: str, words: str, address: Address) -> tuple[str, str]:
    """Return message and hint where the server refuses us, empty where the statement itself is wrong."""
    if code in _USER:
        return (
            f"ClickHouse at {address.host_port} refused user '{address.user}' ({label}).",
            "Check user and password in MSA_CLICKHOUSE_URL.",
        )
    if code in _RIGHTS:
        return (
            f"user '{address.user}' may not do this at {address.public} ({label}): {words}",
            "Reading needs SELECT only; results can go elsewhere: set MSA_RESULTS_URL.",
        )
    if code in _LIMITS:
        return (
            f"ClickHouse stopped a query at its limit {_LIMITS[code]} ({label}).",
            f"Narrow the window, sample, or raise {_LIMITS[code]} under [limits] in msa.toml.",
        )
    if code in _BUSY:
        return f"ClickHouse at {address.public} is overloaded ({label}).", "Try again later."
    return "", ""


def first_line(text: str) -> str:
    """Return the server's reason without code, version, stack and URL.

    Examples
    --------
    >>> first_line("Code: 60. DB::Exception: Unknown table 'x'. (UNKNOWN_TABLE) (version 26.1)")
    "Unknown table 'x'."
    """
    reason = text.rsplit("DB::Exception:", maxsplit=1)[-1].strip()
    reason = re.split(r" In scope | \(for url| \(version |\(?[A-Z_]{6,}\)|\n", reason)[0].strip()
    return reason[:300]
