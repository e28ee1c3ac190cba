"""A simulated world of mail: honest senders, campaigns of spam and phishing, and late, sometimes wrong labels. SYNTHETIC."""

from __future__ import annotations

from msa_ml.source.simulate.mail.description import describe
from msa_ml.source.simulate.mail.frames import simulate_mail_frames
from msa_ml.source.simulate.mail.stream import SimulatedMail, simulate_mail

__all__ = ["SimulatedMail", "describe", "simulate_mail", "simulate_mail_frames"]
