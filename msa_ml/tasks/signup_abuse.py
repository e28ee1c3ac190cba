"""``signup_abuse``: whether a sign-up is made by a bot, in bulk, or for abuse."""

from datetime import timedelta

from msa_ml.dataset.labels import LabelRules
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.history import Count, CountDistinct, FirstSeen, History, Rate, Recency
from msa_ml.features.signup.agent import Agent
from msa_ml.features.signup.display_name import DisplayName
from msa_ml.features.signup.email import Email
from msa_ml.features.signup.form import Form
from msa_ml.features.signup.ip import Ip
from msa_ml.features.signup.locale import Locale
from msa_ml.features.signup.name import Name
from msa_ml.features.signup.name_model import NameModel
from msa_ml.features.signup.referrer import Referrer
from msa_ml.features.signup.verification import Verification
from msa_ml.tasks.task import Task

NAME = "signup_abuse"


def _count(by: str | tuple[str, ...], *windows: str) -> list[History]:
    return [Count("signup", by=by, over=window) for window in windows]


def _rate(by: str, over: str) -> Rate:
    # Twenty labels of the usual share are assumed before the first, so that one report makes nobody an attacker.
    return Rate("signup", task=NAME, by=by, over=over, prior=0.1, strength=20)


def _histories() -> list[History]:
    """Velocity from minutes to a week, variety, reputation as it was known then, and age."""
    return [
        *_count("ip", "10m", "1h", "1d"),
        *_count("ip_subnet", "1h", "1d", "7d"),
        *_count("asn", "1h"),
        *_count("email_domain", "1h", "1d"),
        *_count("device", "1d", "7d"),
        *_count(("name_pattern", "ip_subnet"), "1d"),
        CountDistinct("signup", of="user_name", by="ip", over="1d", cap=100),
        CountDistinct("signup", of="ip_subnet", by="device", over="7d", cap=100),
        _rate("ip", "7d"),
        _rate("ip_subnet", "30d"),
        _rate("email_domain", "30d"),
        _rate("device", "30d"),
        Recency("signup", by="ip", over="1d"),
        Recency("signup", by="ip_subnet", over="1d"),
        FirstSeen("signup", by="email_domain", over="30d"),
        FirstSeen("signup", by="ip_subnet", over="30d"),
    ]


def _features() -> FeatureSet:
    return FeatureSet(
        [
            Name(),
            NameModel(),
            DisplayName(),
            Email(),
            Ip(),
            Agent(),
            Locale(),
            Referrer(),
            Form(),
            Verification(),
        ],
        histories=_histories(),
    )


SIGNUP_ABUSE = Task(
    name=NAME,
    question="Is this sign-up made by a bot, in bulk, or for abuse?",
    kind="signup",
    labels=LabelRules(
        positive=("abuse", "bot", "fake"),
        negative=("good", "person"),
        ignored=("unsure",),
        ranking=("analyst", "honeypot", "import", "user_report", "automatic"),
        delay=timedelta(days=3),
    ),
    features=_features,
    choices={"model": {"trees": {"bags": 1, "rounds": 100, "depth": 6, "rate": 0.15, "child_weight": 5.0}}},
)
