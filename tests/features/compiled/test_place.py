"""The twins that tell of hosts and sum up URLs."""

from hypothesis import example, given
from hypothesis import strategies as st

from msa_ml.features.compiled import TWINS
from msa_ml.features.mail import link, urls
from msa_ml.features.word_lists import packaged

URLS = st.builds(
    "http://{}{}/{}".format,
    st.sampled_from(["", "user@"]),
    st.sampled_from(
        ["a.example", "b.a.example:81", "192.0.2.1", "bit.ly", "xn--bcher-kva.example", "[", "A1-2.example"]
    ),
    st.sampled_from(["", "a/b/", "x.exe?c&d", "unsubscribe?to=jo@example.org", "?"]),
)
PLACE = TWINS.get("place._place", (link._place, link._place))
SUMMED = TWINS.get("place._summed", (urls._summed, urls._summed))
LISTS = (packaged("public_suffixes"), packaged("url_shorteners").words, packaged("free_hosting").words)
HOSTS = st.one_of(
    st.sampled_from([*sorted(LISTS[1])[:9], *sorted(LISTS[2])[:9], "blogspot.com", "a.b.co.uk", "co.uk", "localhost", "a..b", "."]),
    st.lists(st.sampled_from([".", "-", "a", "b1", "example", "com", "co.uk", "www", "bit.ly", "0x", "xn--", "192", ":", "[", "é"]),
             min_size=1, max_size=9).map("".join),
    st.text(st.sampled_from("abcdefghij0123456789-."), min_size=1, max_size=80),
)  # fmt: skip


@given(HOSTS)
@example("a" * 253)
@example("a." * 127)
@example("192.0.2.1")
@example("www.abracadabra-hocuspocus-simsalabim.example")
def test__place(host: str) -> None:
    own, twin = PLACE
    found = twin(host, *LISTS)
    assert found == own(host, *LISTS)
    assert type(found) is link.Place


@given(st.lists(URLS, min_size=1, max_size=8))
@example(["http://192.0.2.1/", "http://192.0.2.1/a/b?c&d"])
@example(["http://bit.ly/", "http://a.example:81/", "http://user@a.example/x.exe", "http://a.example/"])
def test__summed(texts: list[str]) -> None:
    own, twin = SUMMED
    found = [url for text in texts if (url := link.parse(text)) is not None]
    if found:
        place = link.guide(packaged("public_suffixes"), packaged("url_shorteners"), packaged("free_hosting"))
        assert twin(found, place, urls._NO_MARKS) == own(found, place, urls._NO_MARKS)
