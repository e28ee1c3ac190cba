"""A simulated world of sign-ups: people, families, offices, carriers, attackers, and late, sometimes wrong labels. SYNTHETIC."""

from __future__ import annotations

from msa_ml.source.simulate.signup.description import describe_signups
from msa_ml.source.simulate.signup.frames import Planted, simulate_signup_frames
from msa_ml.source.simulate.signup.plan import Plan
from msa_ml.source.simulate.signup.stream import simulate_signups

__all__ = ["Plan", "Planted", "describe_signups", "simulate_signup_frames", "simulate_signups"]
