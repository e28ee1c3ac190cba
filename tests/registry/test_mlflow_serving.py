"""The registered version as others use it: MLflow's own scoring server, and Spark where it is installed."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.read import Bundle
from msa_ml.registry.tracking import Tracking
from msa_ml.settings import Settings
from msa_ml.settings import read as read_settings
from tests.main_job import environment
from tests.registry.test_tracking import items

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mlflow serving")]
PATIENCE = 120  # seconds; half a minute on an idle machine


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, bundle: Bundle) -> Settings:
    """A registry with one champion."""
    settings = read_settings(home=tmp_path_factory.mktemp("serving") / ".msa", environ={})
    assert Tracking(settings).log("spam", items(bundle)).aliases == ("challenger", "champion")
    return settings


@pytest.fixture(scope="module")
def address(home: Settings) -> Iterator[str]:
    """``mlflow models serve`` in a process of its own."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "mlflow", "models", "serve", "-m", "models:/spam@champion"]
    words += ["--env-manager", "local", "--port", str(port), "--host", "127.0.0.1"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environ = {**environment(), "MLFLOW_TRACKING_URI": home.tracking_uri, "PATH": path}
    log = home.home / "serving.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(words, env=environ, stdout=stream, stderr=stream, start_new_session=True)
    try:
        _wait(process, f"http://127.0.0.1:{port}/health", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.3)
        else:
            return
    raise AssertionError(log.read_text())


def post(address: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        f"{address}/invocations", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def test_a_served_version_gives_the_scores_of_the_bundle(address: str, bundle: Bundle) -> None:
    raws = list(golden_mail().values())
    rows = [[base64.b64encode(raw).decode()] for raw in raws]
    found = post(address, {"dataframe_split": {"columns": ["raw"], "data": rows}})["predictions"]
    assert len(found) == len(raws)
    for row, raw in zip(found, raws, strict=True):
        score = bundle.score(raw)
        assert row == {
            "logit": score.logit,
            "probability": score.probability,
            "decision": score.decision,
            "policy": score.policy,
            "bundle_id": bundle.id,
        }


def test_a_policy_is_named_and_nonsense_is_refused(address: str, bundle: Bundle) -> None:
    raw = base64.b64encode(golden_mail()["pills"]).decode()
    name = bundle.manifest.policies[-1].name
    found = post(address, {"dataframe_records": [{"raw": raw}], "params": {"policy": name}})["predictions"]
    assert found[0]["policy"] == name
    with pytest.raises(urllib.error.HTTPError, match="400"):
        post(address, {"dataframe_records": [{"body": raw}]})


_SPARK = """
import json, sys
from pathlib import Path
import mlflow.pyfunc
from pyspark.sql import SparkSession
from msa_ml.bundle.golden_mail import golden_mail
if __name__ == "__main__":
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "1")
        .config("spark.driver.host", "127.0.0.1").getOrCreate()
    )
    score = mlflow.pyfunc.spark_udf(
        spark, "models:/spam@champion", env_manager="local",
        result_type="logit double, probability double, decision boolean, policy string, bundle_id string",
    )
    mails = spark.createDataFrame([(name, bytearray(raw)) for name, raw in golden_mail().items()], "name string, raw binary")
    rows = mails.select("name", score("raw").alias("score")).collect()
    print(json.dumps({row.name: row.score.asDict() for row in rows}))
    spark.stop()
"""


def test_spark_gives_the_scores_of_the_bundle(home: Settings, bundle: Bundle, tmp_path: Path) -> None:
    python = os.environ.get("MSA_TEST_SPARK_PYTHON") or (sys.executable if find_spec("pyspark") else "")
    if not python:
        pytest.skip("pyspark is not installed; name a python that has it and msa_ml in MSA_TEST_SPARK_PYTHON")
    script = tmp_path / "on_spark.py"
    script.write_text(_SPARK)
    environ = {**environment(), "MLFLOW_TRACKING_URI": home.tracking_uri, "PYSPARK_PYTHON": python}
    done = subprocess.run(
        [python, script], env=environ, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert set(found) == set(golden_mail())
    for name, raw in golden_mail().items():
        score = bundle.score(raw)
        assert (found[name]["logit"], found[name]["decision"]) == (score.logit, score.decision)
        assert found[name]["bundle_id"] == bundle.id
