"""``spam``: whether an inbound mail is spam."""

from datetime import timedelta

from msa_ml.dataset.labels import LabelRules
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.mail.appeal import Appeal
from msa_ml.features.mail.attachments import Attachments
from msa_ml.features.mail.authentication import Authentication
from msa_ml.features.mail.body import Body
from msa_ml.features.mail.bulk import Bulk
from msa_ml.features.mail.content import Head, Text
from msa_ml.features.mail.date import Date
from msa_ml.features.mail.forms import Forms
from msa_ml.features.mail.html import Html
from msa_ml.features.mail.language import Language
from msa_ml.features.mail.message_id import MessageId
from msa_ml.features.mail.obfuscation import Obfuscation
from msa_ml.features.mail.octets import Octets
from msa_ml.features.mail.raw import Raw
from msa_ml.features.mail.received import Received
from msa_ml.features.mail.recipients import Recipients
from msa_ml.features.mail.reputation import REPUTATION
from msa_ml.features.mail.sender import Sender
from msa_ml.features.mail.structure import Structure
from msa_ml.features.mail.subject import Subject
from msa_ml.features.mail.urls import Urls
from msa_ml.tasks.task import Task


def _features() -> FeatureSet:
    return FeatureSet(
        [
            Received(),
            Authentication(),
            Sender(),
            MessageId(),
            Bulk(),
            Forms(),
            Recipients(),
            Subject(),
            Date(),
            Structure(),
            Body(),
            Obfuscation(),
            Language(),
            Appeal(),
            Html(),
            Urls(),
            Attachments(),
        ],
        [Head(), Text()],
    )


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
    portable=(Octets(), Raw()),
    portable_sizes={"raw": (4,)},
    histories=REPUTATION,
)
