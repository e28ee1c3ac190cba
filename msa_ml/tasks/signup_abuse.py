"""``signup_abuse``: whether a sign-up is made by a bot, in bulk, or for abuse."""

from datetime import timedelta

from msa_ml.dataset.labels import LabelRules
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.signup.agent import Agent
from msa_ml.features.signup.browser import Browser
from msa_ml.features.signup.display_name import DisplayName
from msa_ml.features.signup.email import Email
from msa_ml.features.signup.form import Form
from msa_ml.features.signup.ip import Ip
from msa_ml.features.signup.locale import Locale
from msa_ml.features.signup.name import Name
from msa_ml.features.signup.name_model import NameModel
from msa_ml.features.signup.referrer import Referrer
from msa_ml.features.signup.velocity import VELOCITY
from msa_ml.features.signup.verification import Verification
from msa_ml.tasks.task import Task

NAME = "signup_abuse"


def _features() -> FeatureSet:
    return FeatureSet(
        [
            Name(),
            NameModel(),
            DisplayName(),
            Email(),
            Ip(),
            Agent(),
            Browser(),
            Locale(),
            Referrer(),
            Form(),
            Verification(),
        ],
        histories=VELOCITY,
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
