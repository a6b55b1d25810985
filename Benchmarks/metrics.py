"""What Sluice's processes say of themselves (docs/monitoring.md)."""

import http.client
import re
import socket

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="([^"]*)"')


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("sluice", timeout=5)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def scrape(folder, process):
    """Samples of one process (`ingress.0`) as name, labels and value; nothing when it does not answer yet."""
    connection = Connection(f"{folder}/state/run/metrics/{process}")
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse().read().decode()
    except OSError:
        return []
    finally:
        connection.close()
    found = (SAMPLE.match(line) for line in answer.splitlines())
    return [(one[1], dict(LABEL.findall(one[2] or "")), float(one[3])) for one in found if one]


def value(samples, name):
    """The sum of a metric's samples; None when there is none."""
    values = [one for found, _, one in samples if found == name]
    return sum(values) if values else None


class Histogram:
    """How many observations there were up to each bound, in seconds."""

    def __init__(self, samples, name):
        self.counts = {float(labels["le"]): count for found, labels, count in samples if found == name + "_bucket"}
        self.sum = value(samples, name + "_sum")

    def since(self, earlier):
        """Those that came after `earlier`."""
        self.counts = {bound: count - earlier.counts[bound] for bound, count in self.counts.items()}
        self.sum -= earlier.sum
        return self

    @property
    def count(self):
        return max(self.counts.values())

    def with_zeros(self, count):
        """The same with so many more that took no time."""
        self.counts = {bound: before + count for bound, before in self.counts.items()}
        self.zeros = count
        return self

    zeros = 0

    def percentile(self, percent):
        """In milliseconds; within a bucket as if its observations were spread evenly."""
        rank = self.count * percent / 100
        below, lower = self.zeros, 0.0
        if rank <= below:
            return 0.0
        for bound, count in sorted(self.counts.items()):
            if count >= rank and count > below:
                upper = bound if bound != float("inf") else lower
                return 1000 * (lower + (upper - lower) * (rank - below) / (count - below))
            below, lower = count, bound
        return 1000 * lower
