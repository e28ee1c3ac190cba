"""Seeded worlds with campaigns and attackers, one package per kind of event. Everything they make is SYNTHETIC."""

from __future__ import annotations

from msa_ml.source.simulate.mail import describe, simulate_mail, simulate_mail_frames
from msa_ml.source.simulate.refusal import refuse_if_real
from msa_ml.source.simulate.signup import (
    Plan,
    Planted,
    describe_signups,
    simulate_signup_frames,
    simulate_signups,
)

__all__ = [
    "Plan",
    "Planted",
    "describe",
    "describe_signups",
    "refuse_if_real",
    "simulate_mail",
    "simulate_mail_frames",
    "simulate_signup_frames",
    "simulate_signups",
]
