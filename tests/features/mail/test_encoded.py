"""Text of hostile charsets."""

import pytest

from msa_ml.features.mail.encoded import decode


@pytest.mark.parametrize("times", [1, 300_000])
def test_surrogates_never_come_out(times: int) -> None:
    # Half of a pair, which UTF-7 can write; more of it than is looked at in one go.
    assert decode(b"a+2AA-b+AOk-" * times, "utf-7") == "a\ufffdbé" * times
    assert decode("é".encode("utf-16-le") * times, "utf-16-le") == "é" * times
