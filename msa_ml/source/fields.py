"""The fields of every kind of row: the columns of our views, with types, defaults and retention.

The SQL in ``schema/`` makes them; a test holds the two equal. A mapping of somebody else's table is filled up from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeGuard

Relation = Literal["mail", "signup", "login", "request", "label", "vector", "feature_spec", "score"]


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a view.

    Attributes
    ----------
    name, type
        ClickHouse name and type.
    retention
        Which shorter retention empties it: ``raw_mail``, ``personal``, ``feature_content``, or none.
    """

    name: str
    type: str
    retention: str = ""


TABLES: dict[Relation, str] = {
    "mail": "mail_events",
    "signup": "signup_events",
    "login": "login_events",
    "request": "request_events",
    "label": "labels",
    "vector": "feature_vectors",
    "feature_spec": "feature_specs",
    "score": "scores",
}
"""The table behind each view."""

_TIME = "DateTime64(3, 'UTC')"
_WORD = "LowCardinality(String)"

_EVENT = (
    Field("event_id", "String"),
    Field("source", _WORD),
    Field("origin", "String"),
    Field("position", "UInt64"),
    Field("event_time", _TIME),
    Field("ingested_at", _TIME),
    Field("decided_at", f"Nullable({_TIME})"),
    Field("simulated", "Bool"),
)

FIELDS: dict[Relation, tuple[Field, ...]] = {
    "mail": (
        *_EVENT,
        Field("time_from", _WORD),
        Field("damage", _WORD),
        Field("size", "UInt32"),
        Field("sender_domain", "String"),
        Field("sender_pseudonym", "String"),
        Field("recipient_count", "UInt16"),
        Field("recipient_pseudonyms", "Array(String)"),
        Field("client_ip_pseudonym", "String"),
        Field("client_subnet", "String"),
        Field("asn", "Nullable(UInt32)"),
        Field("campaign", "String"),
        Field("url_domains", "Array(String)"),
        Field("key_id", _WORD),
        Field("raw", "String", "raw_mail"),
    ),
    "signup": (
        *_EVENT,
        Field("user_name", "String", "personal"),
        Field("user_pseudonym", "String"),
        Field("name_pattern", "String"),
        Field("display_name", "String", "personal"),
        Field("email", "String", "personal"),
        Field("email_domain", "String"),
        Field("email_pseudonym", "String"),
        Field("ip", "String", "personal"),
        Field("ip_subnet", "String"),
        Field("ip_pseudonym", "String"),
        Field("asn", "Nullable(UInt32)"),
        Field("country", _WORD),
        Field("user_agent", "String", "personal"),
        Field("device", "String", "personal"),
        Field("device_pseudonym", "String"),
        Field("form_seconds", "Nullable(Float64)"),
        Field("verification_method", _WORD),
        Field("verification_attempts", "Nullable(UInt32)"),
        Field("referrer", "String", "personal"),
        Field("language", _WORD),
        Field("time_zone", _WORD),
        Field("campaign", "String"),
        Field("key_id", _WORD),
        Field("attributes", "Map(String, String)", "personal"),
    ),
    "login": (
        *_EVENT,
        Field("account", "String", "personal"),
        Field("account_pseudonym", "String"),
        Field("success", "Nullable(Bool)"),
        Field("ip", "String", "personal"),
        Field("ip_subnet", "String"),
        Field("ip_pseudonym", "String"),
        Field("asn", "Nullable(UInt32)"),
        Field("country", _WORD),
        Field("user_agent", "String", "personal"),
        Field("device", "String", "personal"),
        Field("device_pseudonym", "String"),
        Field("rtt_ms", "Nullable(Float64)"),
        Field("key_id", _WORD),
        Field("attributes", "Map(String, String)", "personal"),
    ),
    "request": (
        *_EVENT,
        Field("client", "String", "personal"),
        Field("client_pseudonym", "String"),
        Field("ip", "String", "personal"),
        Field("ip_subnet", "String"),
        Field("ip_pseudonym", "String"),
        Field("asn", "Nullable(UInt32)"),
        Field("country", _WORD),
        Field("method", _WORD),
        Field("host", "String"),
        Field("path", "String", "personal"),
        Field("status", "Nullable(UInt16)"),
        Field("bytes_sent", "Nullable(UInt64)"),
        Field("duration_ms", "Nullable(Float64)"),
        Field("user_agent", "String", "personal"),
        Field("key_id", _WORD),
        Field("attributes", "Map(String, String)", "personal"),
    ),
    "label": (
        Field("label_id", "String"),
        Field("task", _WORD),
        Field("subject_kind", "String"),
        Field("subject", "String"),
        Field("valid_from", f"Nullable({_TIME})"),
        Field("valid_to", f"Nullable({_TIME})"),
        Field("label", _WORD),
        Field("confidence", "Float32"),
        Field("source", _WORD),
        Field("labelled_at", _TIME),
        Field("ingested_at", _TIME),
        Field("by", "String"),
        Field("retracts", "String"),
        Field("simulated", "Bool"),
    ),
    "vector": (
        Field("event_id", "String"),
        Field("spec_digest", "String"),
        Field("event_time", _TIME),
        Field("ingested_at", _TIME),
        Field("values", "Array(Float32)"),
        Field("content", "Map(String, String)", "feature_content"),
    ),
    "feature_spec": (
        Field("spec_digest", "String"),
        Field("spec", "String"),
    ),
    "score": (
        Field("event_id", "String"),
        Field("task", _WORD),
        Field("bundle_id", "String"),
        Field("event_time", _TIME),
        Field("scored_at", _TIME),
        Field("logit", "Float32"),
        Field("probability", "Float32"),
        Field("policy", _WORD),
        Field("decision", _WORD),
    ),
}
"""The columns of each view, in order."""


def is_relation(name: str) -> TypeGuard[Relation]:
    """Whether a relation has this name."""
    return name in FIELDS
