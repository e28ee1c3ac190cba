"""What a scoring process counts, and how Prometheus reads it. Counts only: nothing of any mail."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping

BUCKETS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096)
"""Upper ends of the histogram of latencies, seconds."""


class Metrics:
    """Counters of one process; changed by its event loop only.

    Examples
    --------
    >>> metrics = Metrics()
    >>> metrics.answered(200, 0.0007)
    >>> [line for line in metrics.text({"bundle_id": "ab"}, 1.0, (0, 0)).splitlines() if "200" in line]
    ['msa_ml_requests_total{status="200"} 1']
    """

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.decisions: Counter[tuple[str, bool]] = Counter()
        self.truncated = 0
        self.degraded = 0
        self.in_flight = 0
        self.seconds = 0.0
        self._buckets = [0] * (len(BUCKETS) + 1)

    def answered(self, status: int, seconds: float) -> None:
        """Count an answer to a request for a score; ``seconds`` from its first byte to the answer."""
        self.statuses[status] += 1
        if status == 200:
            self.seconds += seconds
            self._buckets[bisect_left(BUCKETS, seconds)] += 1

    def scored(self, policy: str, *, decision: bool, truncated: bool, degraded: bool) -> None:
        """Count a score."""
        self.decisions[policy, decision] += 1
        self.truncated += truncated
        self.degraded += degraded

    def text(self, labels: Mapping[str, str], uptime: float, reloads: tuple[int, int]) -> str:
        """Return Prometheus' text format; ``reloads`` are those refused and those accepted."""
        lines = [
            *_family("requests_total", "counter", "Answers to requests for a score.",
                     (({"status": str(status)}, count) for status, count in sorted(self.statuses.items()))),
            *_family("decisions_total", "counter", "Scores by policy and decision.",
                     (({"policy": policy, "flagged": str(flagged).lower()}, count)
                      for (policy, flagged), count in sorted(self.decisions.items()))),
            *_family("truncated_total", "counter", "Mails scored on their beginning.", [({}, self.truncated)]),
            *_family("degraded_total", "counter", "Events scored without a part: time was used up, or no history given.", [({}, self.degraded)]),
            *_family("in_flight", "gauge", "Requests that are read or scored now.", [({}, self.in_flight)]),
            *_family("reloads_total", "counter", "Exchanges of the bundle.",
                     (({"accepted": word}, count) for word, count in zip(("false", "true"), reloads, strict=True))),
            *_family("uptime_seconds", "gauge", "Since the start of the process.", [({}, uptime)]),
            *_family("bundle_info", "gauge", "The bundle that is served.", [(labels, 1)]),
            "# HELP msa_ml_score_seconds From the first byte of a request to its score.",
            "# TYPE msa_ml_score_seconds histogram",
        ]  # fmt: skip
        total = 0
        for end, count in zip((*map(str, BUCKETS), "+Inf"), self._buckets, strict=True):
            total += count
            lines.append(f'msa_ml_score_seconds_bucket{{le="{end}"}} {total}')
        lines += [f"msa_ml_score_seconds_sum {self.seconds:.9g}", f"msa_ml_score_seconds_count {total}"]
        return "\n".join(lines) + "\n"


def _family(
    name: str, kind: str, what: str, values: Iterable[tuple[Mapping[str, str], float]]
) -> Iterable[str]:
    yield f"# HELP msa_ml_{name} {what}"
    yield f"# TYPE msa_ml_{name} {kind}"
    for labels, value in values:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"msa_ml_{name}{{{inside}}} {value:.9g}" if inside else f"msa_ml_{name} {value:.9g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
