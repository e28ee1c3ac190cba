"""An import that is killed and run again. In a file of its own: a process opens one embedded store at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from msa_ml import settings as settings_module
from msa_ml.source.clickhouse import connect
from msa_ml.source.importing import import_mail
from msa_ml.source.label_rules import parse_rules
from msa_ml.source.migrate import init
from tests.source.mails import day, mail, tar

NOW = datetime(2026, 11, 2, tzinfo=UTC)
RULES = parse_rules(["ham=ham", "spam=spam"])

CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from msa_ml import settings
from msa_ml.source.clickhouse import connect
from msa_ml.source.importing import import_mail
from msa_ml.source.label_rules import parse_rules

def tell(done, total):
    print("." * 4095, flush=True)  # the pipe holds 16 of these: whoever does not read on stops this process

if __name__ == "__main__":
    home = settings.read(home=Path(sys.argv[1]), environ={"MSA_PSEUDONYM_KEY": "7" * 64})
    import_mail(connect(settings=home), home, [sys.argv[2]], source="corpus", stored_at=datetime(2026, 11, 1, tzinfo=UTC),
                rules=parse_rules(["ham=ham", "spam=spam"]), progress=tell, batch_rows=50)
"""


def test_killed_in_the_middle_and_run_again(tmp_path: Path) -> None:
    files = {
        f"c/{'spam' if n % 3 else 'ham'}/{n:04}.eml": mail(n, date=day(1 + n % 28)) for n in range(600)
    } | {f"c/ham/copy{n}.eml": mail(n, date=day(1 + n % 28)) for n in range(0, 30, 3)}
    path = tar(tmp_path / "c.tar", files)
    place = settings_module.read(home=tmp_path / "home", environ={"MSA_PSEUDONYM_KEY": "7" * 64})
    place.home.mkdir()
    store = connect(settings=place)
    init(store, retention={})
    for wait in (0.0, 0.03):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(place.home), str(path)], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        for _ in range(245):  # the batch of 250 is being written then
            if not child.stdout.readline():
                break
        time.sleep(wait)
        os.kill(child.pid, signal.SIGKILL)
        child.stdout.close()
        assert child.wait() == -signal.SIGKILL
    with store.session():
        partial = store.value("SELECT count() FROM mail")
        assert 0 < partial < 600
        summary = import_mail(store, place, [path], source="corpus", stored_at=NOW, rules=RULES)
        assert summary.read == 610
        assert summary.imported == 600 - partial
        assert summary.duplicates == 10 + partial
        assert (
            store.value("SELECT count() FROM mail")
            == store.value("SELECT uniqExact(event_id) FROM mail_events")
            == 600
        )
        labels = store.frame("SELECT label, count() AS n FROM label GROUP BY label ORDER BY label")
        assert labels.rows() == [("ham", 200), ("spam", 400)]
        assert store.value("SELECT uniqExact(subject) FROM label") == 600
