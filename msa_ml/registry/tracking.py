"""Writes runs and versions to MLflow; the only importer of mlflow.

Telemetry is off. Parameters, metrics and tags go in one batch. The registered version is the bundle itself, logged as
a ``python_function`` with an explicit signature, no pickle and stated requirements.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msa_ml import __version__
from msa_ml.errors import InputError, Refused, TrackingUnavailable, UnknownNameError
from msa_ml.registry.items import Registered, RunItems
from msa_ml.settings import Settings

CHAMPION, CHALLENGER = "champion", "challenger"
_NOISY = ("mlflow", "alembic", "sqlalchemy")


class Tracking:
    """Runs and registry of one MLflow server or database.

    Parameters
    ----------
    settings
        ``tracking_uri``; with the default SQLite store, artefacts lie in ``artifact_root``.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.uri = settings.tracking_uri
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("DO_NOT_TRACK", "true")
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        # With a server it prints links to standard output, which belongs to our result.
        os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
        # MLflow would copy the lock file of whatever project is the working directory into the model.
        os.environ.setdefault("MLFLOW_UV_AUTO_DETECT", "false")
        os.environ.setdefault("MLFLOW_LOG_UV_FILES", "false")
        # A server that does not answer is reported within seconds, not after MLflow's seven patient retries.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")
        if self.uri.startswith("sqlite:///"):
            Path(self.uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        for name in _NOISY:
            logging.getLogger(name).setLevel(logging.ERROR)

    @contextmanager
    def _mlflow(self) -> Iterator[Any]:
        """Yield the library, pointed at our store; translate its failures."""
        with warnings.catch_warnings():
            # Deprecations inside MLflow and its dependencies are theirs; ours are caught by the tests.
            warnings.simplefilter("ignore")
            import mlflow
            from mlflow.exceptions import MlflowException
            from sqlalchemy.exc import SQLAlchemyError

            # MLflow writes the address into the environment too; both are put back, so that one home never leaks into
            # the next settings that are read.
            variables = {
                name: os.environ.get(name) for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")
            }
            before = (mlflow.get_tracking_uri(), mlflow.get_registry_uri())
            mlflow.set_tracking_uri(self.uri)
            mlflow.set_registry_uri(self.uri)
            try:
                yield mlflow
            except MlflowException as error:
                if "No space left on device" in str(error):
                    raise OSError(errno.ENOSPC, "No space left on device") from error
                if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                    raise InputError(f"MLflow at {_public(self.uri)} says: {_first_line(error)}") from error
                raise TrackingUnavailable(
                    f"MLflow at {_public(self.uri)} did not do what was asked: {_first_line(error)}",
                    hint="Check MLFLOW_TRACKING_URI and that the server runs.",
                ) from error
            except (SQLAlchemyError, OSError) as error:
                if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                    raise
                raise TrackingUnavailable(
                    f"MLflow's store at {_public(self.uri)} cannot be used: {type(error).__name__}.",
                    hint="Check MLFLOW_TRACKING_URI, the file's rights and the space on the disk.",
                ) from error
            finally:
                mlflow.set_tracking_uri(before[0])
                mlflow.set_registry_uri(before[1])
                for name, value in variables.items():
                    if value is None:
                        os.environ.pop(name, None)
                    else:
                        os.environ[name] = value

    def ping(self) -> None:
        """Reach the store, so that a wrong address is said before a long training.

        Raises
        ------
        TrackingUnavailable
            It does not answer.
        """
        with self._mlflow() as mlflow:
            mlflow.MlflowClient().search_registered_models(max_results=1)

    def log(self, task: str, items: RunItems) -> Registered:
        """Log a run and register its bundle as a version of ``task``.

        The version gets the alias ``challenger``, and ``champion`` if there is none and it is not synthetic (in the
        demo's own home a synthetic version may be champion; see :meth:`promote`). Inside an active run of the caller
        a child run is logged.
        """
        import pandas

        with self._mlflow() as mlflow:
            client = mlflow.MlflowClient()
            active = mlflow.active_run()
            experiment = active.info.experiment_id if active else self._experiment(client, task)
            with mlflow.start_run(
                run_name=items.name, experiment_id=experiment, nested=active is not None
            ) as run:
                from mlflow.entities import Metric, Param, RunTag

                now = int(time.time() * 1000)
                client.log_batch(
                    run.info.run_id,
                    metrics=[Metric(key, value, now, 0) for key, value in items.metrics.items()],
                    params=[Param(key, value[:6000]) for key, value in items.parameters.items()],
                    tags=[RunTag(key, value) for key, value in items.tags.items()],
                )
                for name, text in items.documents.items():
                    mlflow.log_text(text, name)
                for name, value in items.values.items():
                    mlflow.log_dict(dict(value), name)
                for name, figure in items.figures.items():
                    mlflow.log_figure(figure, name)
                from mlflow.models import ModelSignature
                from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

                signature = ModelSignature(
                    inputs=Schema(
                        [
                            ColSpec(DataType.binary, "raw")
                            if items.kind == "mail"
                            else ColSpec(DataType.string, "event"),
                            ColSpec(DataType.string, "history", required=False),
                        ]
                    ),
                    outputs=Schema(
                        [
                            ColSpec(DataType.double, "logit"),
                            ColSpec(DataType.double, "probability"),
                            ColSpec(DataType.boolean, "decision"),
                            ColSpec(DataType.string, "policy"),
                            ColSpec(DataType.string, "bundle_id"),
                        ]
                    ),
                    params=ParamSchema([ParamSpec("policy", DataType.string, "")]),
                )
                example = pandas.DataFrame(
                    {"raw": [b"Subject: hello\r\n\r\nan invented example\r\n"]}
                    if items.kind == "mail"
                    else {"event": ["{}"], "history": [""]}
                )
                info = mlflow.pyfunc.log_model(
                    name="bundle",
                    loader_module="msa_ml.bundle.pyfunc",
                    data_path=str(items.bundle),
                    signature=signature,
                    input_example=example,
                    pip_requirements=[f"msa-ml=={__version__}"],
                )
                self._model(client, task)
                version = client.create_model_version(
                    task,
                    source=info.model_uri,
                    run_id=run.info.run_id,
                    model_id=info.model_id,
                    tags=dict(items.version_tags),
                )
            aliases = self._first_aliases(client, task, version.version, items)
            return Registered(task, str(version.version), run.info.run_id, aliases)

    def _first_aliases(self, client: Any, task: str, version: str, items: RunItems) -> tuple[str, ...]:
        client.set_registered_model_alias(task, CHALLENGER, version)
        synthetic = items.version_tags.get("synthetic") == "true"
        if CHAMPION in client.get_registered_model(task).aliases or (synthetic and not self._demo_home()):
            return (CHALLENGER,)
        client.set_registered_model_alias(task, CHAMPION, version)
        return (CHALLENGER, CHAMPION)

    def _demo_home(self) -> bool:
        """Whether this is the demo's own home, the one place where a synthetic version may be champion."""
        return self.settings.is_demo and self.settings.artifact_root is not None

    def _experiment(self, client: Any, task: str) -> str:
        found = client.get_experiment_by_name(task)
        if found is not None:
            return str(found.experiment_id)
        root = self.settings.artifact_root
        location = root.joinpath(task).as_uri() if root else None
        return str(client.create_experiment(task, artifact_location=location))

    def _model(self, client: Any, task: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            client.create_registered_model(task)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def resolve(self, name: str) -> tuple[str, str]:
        """Return (task, version) of ``spam@champion``, ``spam/7`` or ``spam`` (its champion).

        Raises
        ------
        InputError, UnknownNameError
            No such model, alias or version.
        """
        task, sep, rest = name.partition("@") if "@" in name else name.partition("/")
        with self._mlflow() as mlflow:
            client = mlflow.MlflowClient()
            models = [model.name for model in client.search_registered_models()]
            if task not in models:
                if not models:
                    raise InputError(
                        f"no model is registered in {_public(self.uri)}.", hint="Train one: msa-ml train spam"
                    )
                raise UnknownNameError("registered model", task, models)
            if "/" in name and "@" not in name:
                return task, self._known_version(client, task, rest)
            aliases = client.get_registered_model(task).aliases
            alias = rest if sep else CHAMPION
            if alias not in aliases:
                known = ", ".join(f"{task}@{known}" for known in sorted(aliases)) or "none"
                raise InputError(
                    f"'{task}' has no alias '{alias}'.",
                    hint=f"It has: {known}. Name a version as {task}/VERSION, or set one: msa-ml promote {task} VERSION",
                )
            return task, str(aliases[alias])

    def _known_version(self, client: Any, task: str, version: str) -> str:
        versions = [str(entry.version) for entry in client.search_model_versions(f"name = '{task}'")]
        if version not in versions:
            raise UnknownNameError(f"version of {task}", version, versions)
        return version

    def champion(self, task: str) -> str | None:
        """Return the version that is champion, if there is one."""
        with self._mlflow() as mlflow:
            client = mlflow.MlflowClient()
            found = [model for model in client.search_registered_models() if model.name == task]
            version = found[0].aliases.get(CHAMPION) if found else None
            return None if version is None else str(version)

    def tag(self, task: str, version: str, tags: Mapping[str, str]) -> None:
        """Add tags to a version."""
        with self._mlflow() as mlflow:
            for key, value in tags.items():
                mlflow.MlflowClient().set_model_version_tag(task, version, key, value)

    def tags(self, task: str, version: str) -> dict[str, str]:
        """Return the tags of a version."""
        with self._mlflow() as mlflow:
            return dict(mlflow.MlflowClient().get_model_version(task, version).tags)

    def download(
        self, task: str, version: str, folder: Path, *, check: Callable[[Path], object] | None = None
    ) -> Path:
        """Copy the bundle of a version to a folder that does not exist yet, whole or not at all.

        Parameters
        ----------
        check
            Called with the copy before it stands under its name, for example to load it; if it raises, nothing is left.

        Raises
        ------
        InputError
            The folder exists.
        Refused
            The version holds no bundle.
        """
        if folder.exists():
            raise InputError(f"{folder} exists already.", hint="Name another folder.")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as place:
            with self._mlflow() as mlflow:
                model = Path(mlflow.artifacts.download_artifacts(f"models:/{task}/{version}", dst_path=place))
            found = [path.parent for path in model.rglob("manifest.json")]
            if len(found) != 1:
                raise Refused(f"version {version} of '{task}' holds no bundle.", hint="Train it again.")
            if check is not None:
                check(found[0])
            if folder.exists():
                raise InputError(f"{folder} was made meanwhile.", hint="Name another folder.")
            found[0].rename(folder)
        return folder

    def demand_promotable(self, task: str, version: str) -> None:
        """Demand that a version exists and may become champion at all.

        Raises
        ------
        UnknownNameError
            No such version.
        Refused
            It was trained on simulated rows and this is not the demo's home.
        """
        with self._mlflow() as mlflow:
            client = mlflow.MlflowClient()
            self._known_version(client, task, version)
            if (
                client.get_model_version(task, version).tags.get("synthetic") == "true"
                and not self._demo_home()
            ):
                raise Refused(
                    f"version {version} of '{task}' was trained on simulated events; it never becomes champion here.",
                    hint="Train on real events.",
                )

    def promote(self, task: str, version: str, *, forced: str = "") -> dict[str, str]:
        """Make a version champion; also the way back to an older one.

        Parameters
        ----------
        forced
            The reason, when the promotion overrides a verdict; written to the version's tags.

        Returns
        -------
        dict
            ``champion`` and ``was``.

        Raises
        ------
        Refused
            The version was trained on simulated rows and this is not the demo's home.
        """
        self.demand_promotable(task, version)
        with self._mlflow() as mlflow:
            client = mlflow.MlflowClient()
            was = client.get_registered_model(task).aliases.get(CHAMPION, "")
            client.set_registered_model_alias(task, CHAMPION, version)
            if forced:
                client.set_model_version_tag(task, version, "forced_because", forced)
            if was and str(was) != version:
                client.set_model_version_tag(task, version, "champion_after", str(was))
            return {"champion": version, "was": str(was)}


def _public(uri: str) -> str:
    """Return a URI without user and password."""
    scheme, sep, rest = uri.partition("://")
    return f"{scheme}{sep}{rest.rpartition('@')[2]}"


_CREDENTIALS = re.compile(r"://[^/@\s]+@")


def _first_line(error: Exception) -> str:
    """Return the first line of a message without user and password; MLflow repeats the whole URI in its own."""
    return _CREDENTIALS.sub("://", str(error).strip().split("\n")[0])[:300]
