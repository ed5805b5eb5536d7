"""How often a baseline calls a value unusual that is as ever, by simulation: what docs/trends.md says of its rules.

    .venv/bin/python benchmarks/baseline.py [--series 20000]

A series is a value a week at the same hour, all of one distribution, the newest among them.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from maintkit.analysis import baseline as rules
from maintkit.analysis.trend import Point

LAST = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
NOISE: dict[str, Callable[[random.Random], float]] = {
    "normal": lambda chance: chance.gauss(100, 10),
    "log-normal, σ 0.5": lambda chance: chance.lognormvariate(0, 0.5),
}
RULES = ((5, 12), (5, 26), (3, 8))  # deviations, earlier values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=20_000)
    series = parser.parse_args().series
    print("| noise | deviations | values | unusual |\n|---|---|---|---|")
    for name, noise in NOISE.items():
        for deviations, values in RULES:
            share = unusual(noise, deviations, values, series)
            print(f"| {name} | {deviations} | {values} | {share:.2%} |", flush=True)


def unusual(noise: Callable[[random.Random], float], deviations: int, values: int, series: int) -> float:
    """The share of series whose newest value is called so."""
    rules.SPREAD, rules.FEWEST = deviations * 1.4826, min(values, 12)
    found = 0
    for seed in range(series):
        chance = random.Random(seed)  # noqa: S311  # a simulation
        points = [Point(at=LAST - timedelta(days=7 * week), value=noise(chance)) for week in range(values + 1)]
        made = rules.baseline(points, UTC, least=0.0)
        found += isinstance(made, rules.Usual) and made.outside
    return found / series


if __name__ == "__main__":
    main()
