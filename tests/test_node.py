"""The consumer's tests are left out where it cannot run, but not where they must run."""

import pytest

from tests.node import missing


def test_under_ci_amissing_node_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="not installed"):
        missing("Node.js with npm is not installed")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="not installed"):
        missing("Node.js with npm is not installed")
