"""Simulated rows never join real ones."""

from __future__ import annotations

from msa_ml.errors import Refused
from msa_ml.source.clickhouse import Store

_TABLES = ("mail_events", "signup_events", "login_events", "request_events", "labels")


def refuse_if_real(store: Store) -> None:
    """Refuse a store that holds any row that is not simulated.

    Raises
    ------
    Refused
        There is one; nothing was written.
    """
    with store.session():
        for table in _TABLES:
            count = int(store.value(f"SELECT count() FROM {table} WHERE NOT simulated"))  # noqa: S608 - our own names
            if count:
                raise Refused(
                    f"simulated rows may only enter a store without real ones; {table} of {store.url_public} "
                    f"holds {count:,}.",
                    hint="Simulate into a home of its own, for example with MSA_HOME=.msa/demo.",
                )
