"""``spam``: whether an inbound mail is spam."""

from datetime import timedelta

from msa_ml.dataset.labels import LabelRules
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.mail.content import Head, Text
from msa_ml.features.mail.subject import Subject
from msa_ml.tasks.task import Task


def _features() -> FeatureSet:
    return FeatureSet([Subject()], [Head(), Text()])


SPAM = Task(
    name="spam",
    question="Is this inbound mail spam (unsolicited bulk, phishing or malware)?",
    kind="mail",
    labels=LabelRules(
        positive=("spam", "phishing", "malware"),
        negative=("ham",),
        ignored=("unsure",),
        ranking=("analyst", "honeypot", "import", "user_report", "automatic"),
        delay=timedelta(days=1),
    ),
    features=_features,
)
