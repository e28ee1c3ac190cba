"""The page for those who run and call the process names all that it takes and says."""

import re
from pathlib import Path

import click

from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.read import Bundle
from msa_ml.bundle.serve import app
from msa_ml.commands.serving import serve_command

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "serving.md").read_text()


def test_every_option_is_named() -> None:
    for option in serve_command.params:
        if isinstance(option, click.Option) and option.name not in ("as_json", "debug"):
            assert option.opts[0] in PAGE, option.opts


def test_every_field_and_status_is_named(bundle: Bundle) -> None:
    for field in (*bundle.score(golden_mail()["pills"]).to_json(), "task"):
        assert f"`{field}`" in PAGE, field
    source = Path(app.__file__).read_text()
    for status in {*re.findall(r"_Refusal\((\d{3})", source), "499"}:
        assert re.search(rf"^\|.*\b{status}\b", PAGE, re.MULTILINE), status


def test_the_amounts_are_those_of_the_code() -> None:
    service = app.Service()
    assert f"{service.body_seconds:.0f} s" in PAGE
    assert f"{service.most_held // 1_000_000} MB" in PAGE
    assert f"0 to {app.MOST_REASONS}" in PAGE
