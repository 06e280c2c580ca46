"""The figures the project asks of itself (docs/benchmarks.md), held against measured ones."""

OURS = "doorman-"
MANY_CLIENTS = 20
CROWD = 1000

IDLE_CLIENT_KIB = 5
BUSY_RSS_KIB = 130 * 1024
START_MS = 400
STREAM_GROWTH_KIB = 32 * 1024
# The worst of all handovers of a run counts.
HANDOVER = {
    "longest pause ms": ("<=", 100),
    "p99 over clients of longest pause ms": ("<=", 20),
    "ready to all moved ms": ("<=", 1000),
    "all moved to predecessor gone ms": ("<=", 1000),
    "signal to predecessor gone ms": ("<=", 4000),
    "TPS of the first second after, to steady": (">=", 0.7),
    "p99 of the first second after, to steady": ("<=", 3),
    "clients lost or refused": ("<=", 0),
}
SHOW_CLIENTS_MS = 100
SHOW_CLIENTS_STALL_MS = 5  # beyond the longest latency in a time as long without the command
SCRAPE_MS = 30
STORM_P99 = 2  # of relayed clients, to that without logins
SCRAPED_TPS = 0.98


class Goals:
    """Collects what was checked; `report` prints what was missed."""

    def __init__(self):
        self.met, self.missed = 0, []

    def at_least(self, what, value, bound):
        self._note(value is not None and value >= bound, f"{what} is {shown(value)}, goal >= {bound}")

    def at_most(self, what, value, bound):
        self._note(value is not None and value <= bound, f"{what} is {shown(value)}, goal <= {bound}")

    def _note(self, met, text):
        if met:
            self.met += 1
        else:
            self.missed.append(text)

    def compare(self, scenario, summaries):
        """TPS, CPU and evenness of our candidates in one scenario of pgbench."""
        for name, summary in summaries.items():
            if not name.startswith(OURS):
                continue
            where = f"{scenario.name} {name}"
            if "pgbouncer" in summaries and summaries["pgbouncer"]:
                self._relative(where, scenario, name, summary)
            if scenario.clients >= CROWD and summary:
                self.at_most(f"{where} p99/p50", summary["p99_to_p50"]["median"], 3)
                fair = summary["least_served_to_mean"]["median"]
                self.at_least(f"{where} least/mean", fair, 0.5)

    def _relative(self, where, scenario, name, summary):
        few = scenario.clients < MANY_CLIENTS
        tps = 0.9 if scenario.connect else 0.95 if few else 1.0
        self.at_least(f"{where} TPS/pgb", summary.get("tps_to_pgbouncer"), tps)
        if not scenario.connect and not (few and name.endswith("io_uring")):
            cpu = 1.0 if name.endswith("io_uring") else 1.15
            self.at_most(f"{where} CPU/pgb", summary.get("cpu_us_per_tx_to_pgbouncer"), cpu)

    def handover(self, name, summary):
        for figure, (relation, bound) in HANDOVER.items():
            check = self.at_least if relation == ">=" else self.at_most
            check(f"{name} {figure}", summary.get(figure, {}).get("worst"), bound)

    def report(self):
        if not self.met and not self.missed:
            return {}
        print(f"\ngoals met: {self.met}, missed: {len(self.missed)}")
        for text in self.missed:
            print(f"  {text}", flush=True)
        return {"met": self.met, "missed": self.missed}


def shown(value):
    return "not measured" if value is None else f"{value:.4g}"
