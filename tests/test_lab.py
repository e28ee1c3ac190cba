"""``msa-ml lab --demo`` in a real browser: JupyterLab opens, a notebook runs, its output appears, nothing is fetched."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat as nbformat_module
import pytest

from msa_ml.settings import read as read_settings
from msa_ml.simulation import START, simulate_into
from tests.main_job import environment

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
TOKEN = "only-for-this-test"
SECONDS = 60

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("lab"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]
nbformat: Any = nbformat_module  # half of it is typed

CELLS = (
    "import msa_ml\n\n%load_ext msa_ml",
    'mails = msa_ml.load("spam")\nmails',
    "msa_ml.plot_days(mails)",
    "mails.by_day()",
)


@dataclass
class Lab:
    """A running server."""

    port: int
    folder: Path
    log: Path


def _silent() -> Any:
    from msa_ml.pipeline import Silent

    return Silent()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on a project of its own, with a small demo's home, opened from a subfolder."""
    place = tmp_path_factory.mktemp("lab")
    (place / "msa.toml").touch()
    folder = place / "notebooks"
    folder.mkdir()
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(CELLS)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "small.ipynb")
    simulate_into(
        read_settings(home=place / ".msa" / "demo", isolated=True),
        days=2, per_day=40, seed=7, start=START, stored_at=START, progress=_silent(),
    )  # fmt: skip
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = place / "lab.log"
    own = {
        name: str(place / name.lower())
        for name in (
            "HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JUPYTERLAB_SETTINGS_DIR",
            "JUPYTERLAB_WORKSPACES_DIR",
        )
    }  # fmt: skip
    words = ["--no-browser", f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--allow-root"]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "msa_ml",
                "lab",
                "--demo",
                "--",
                *words,
                f"--IdentityProvider.token={TOKEN}",
            ],
            cwd=folder,
            env={**environment(), **own},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(port, server, log)
        yield Lab(port, folder, log)
    finally:
        # The session is the server's own, so its kernels end with it.
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(15)


def _wait_for(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        assert server.poll() is None, f"the server ended:\n{log.read_text()}"
        with (
            suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token={TOKEN}", timeout=5),
        ):
            return
        time.sleep(0.3)
    pytest.fail(f"the server did not answer within {SECONDS} s:\n{log.read_text()}")


def test_a_notebook_runs_in_the_browser(lab: Lab, tmp_path: Path) -> None:
    fetched: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 1700})
            page.set_default_timeout(1000 * SECONDS)
            page.on("request", lambda request: fetched.append(request.url))
            page.goto(f"http://127.0.0.1:{lab.port}/lab/tree/small.ipynb?token={TOKEN}")
            page.wait_for_selector(".jp-Notebook .jp-CodeCell")
            # Before the kernel answers, running would ask which kernel to take.
            page.wait_for_selector(".jp-StatusBar-Widget :text('| Idle')")
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
            try:
                page.wait_for_selector(
                    ".jp-OutputArea-output td:text-is('2026-03-03')", timeout=500 * SECONDS
                )
            finally:
                page.screenshot(path=tmp_path / "lab.png")
            shown = page.locator(".jp-OutputArea-output")
            text = "\n".join(shown.all_inner_texts())
            assert "SYNTHETIC spam: 80 events from 2026-03-02 to 2026-03-03 (UTC)" in text
            assert "2026-03-03" in text
            assert page.locator(".jp-OutputArea-output img").count() == 1
            assert (
                page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
            )
            assert page.locator(".jp-Dialog").count() == 0
        finally:
            browser.close()
    elsewhere = {urlsplit(url).hostname for url in fetched if url.startswith(("http", "ws"))}
    assert elsewhere == {"127.0.0.1"}, "no news, no updates, no scripts from elsewhere"
    log = lab.log.read_text()
    assert "Traceback" not in log, log
