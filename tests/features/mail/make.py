"""Short ways to write a mail in a test."""

from msa_ml.features.mail.message import Message


def mail(*fields: str, body: str | bytes = "", kind: str = "") -> Message:
    """Return a message of these header fields, with LF line ends."""
    lines = [*fields, *([f"Content-Type: {kind}"] if kind else [])]
    data = body if isinstance(body, bytes) else body.encode()
    return Message("".join(f"{line}\n" for line in lines).encode() + b"\n" + data)


def html(source: str, *fields: str) -> Message:
    """Return a message whose body is HTML."""
    return mail(*fields, body=source, kind="text/html; charset=utf-8")


def multipart(*parts: str, kind: str = "mixed", boundary: str = "b1") -> Message:
    """Return a multipart message; each part brings its own header fields."""
    body = "".join(f"--{boundary}\n{part}\n" for part in parts) + f"--{boundary}--\n"
    return mail("MIME-Version: 1.0", body=body, kind=f'multipart/{kind}; boundary="{boundary}"')
