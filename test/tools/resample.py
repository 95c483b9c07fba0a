"""Finds a report's intervals again by drawing at random, without its formulas for their width.

    python3 test/tools/resample.py .tvp/runs/quickstart/latest

Reads the same files as recompute.py, and finds the runs of a row by its functions; what an interval
is made of comes from random draws: the spread between drawings and between styles from sums of
residuals with random signs (a wild cluster bootstrap), that between seeds from seeds that are drawn
again and again, Student's quantiles from draws of its distribution. All of it is repeated in batches,
so that each half width has a standard error of its own; an interval agrees if the report's is within
SURE of them. Intervals that end at the limits of their values, and those widened because few drawings
differ (marked in the report), are counted and left to recompute.py, which checks them exactly. Ends
with 1 where an interval disagrees, with 2 where there is nothing to read. Needs Python 3.8 or later
and numpy.
"""

import json
import math
import os
import sys

try:
    import numpy as np
except ImportError:
    print("Cannot resample without numpy: pip install numpy", file=sys.stderr)
    sys.exit(2)

from recompute import hits_by_seed, pick, read_runs, strata_of, unseen_models

BATCHES, DRAWS = 20, 1000
QUANTILE_DRAWS = 20000
SURE = 6.0  # Standard errors of 20 batches: once in fifty thousand intervals by chance.

random = np.random.default_rng(0)
quantiles = {}


def quantile(freedom):
    """t with P(|T| > t) = 0.05, one estimate a batch."""
    if freedom not in quantiles:
        draws = np.abs(random.standard_t(freedom, (BATCHES, QUANTILE_DRAWS)))
        quantiles[freedom] = np.quantile(draws, 0.95, axis=1)
    return quantiles[freedom]


def spread(totals, rows):
    """Variance of the mean by sums with random signs, one estimate a batch."""
    signs = random.integers(0, 2, (BATCHES, DRAWS, len(totals)), dtype=np.int8) * 2 - 1
    return ((signs @ totals / rows) ** 2).mean(axis=1)


def totals_of(rest, groups, share_of):
    """Sums of residuals by group, each scaled up by what its own part in the mean hides."""
    names = sorted(set(groups))
    sums = {name: 0.0 for name in names}
    for value, name in zip(rest, groups):
        sums[name] += value
    return np.array(
        [sums[name] / math.sqrt(1 - share_of(name)) for name in names if share_of(name) < 1]
    )


def half_widths(rows, classes, by_seed):
    """Half of the 95 % interval, one estimate a batch."""
    count, seeds = len(rows), len(by_seed)
    strata = strata_of(rows, classes)
    values = np.array(by_seed, dtype=float)
    mean = values.mean(axis=0)
    sizes = {name: strata.count(name) for name in set(strata)}
    centre = {
        name: mean[[i for i in range(count) if strata[i] == name]].mean() for name in sizes
    }
    rest = mean - np.array([centre[name] for name in strata])

    clusters = [row["cluster"] for row in rows]
    stratum_of = dict(zip(clusters, strata))
    members = {name: clusters.count(name) for name in set(clusters)}
    totals = totals_of(rest, clusters, lambda c: members[c] / sizes[stratum_of[c]])
    freedom = len(members) - len(sizes)
    base = spread(totals, count) * quantile(freedom) ** 2 if freedom > 0 else np.zeros(BATCHES)

    styles = [row.get("style") for row in rows]
    if None not in styles and len(set(styles)) >= 3:
        totals = totals_of(rest, styles, lambda s: styles.count(s) / count)
        across = spread(totals, count) * quantile(len(set(styles)) - 1) ** 2
        base = np.maximum(base, across)
    if seeds > 1:
        means = values.mean(axis=1)
        drawn = means[random.integers(0, seeds, (BATCHES, DRAWS, seeds))].mean(axis=2)
        # Seeds drawn with repetition vary less than seeds do, by this factor.
        training = drawn.var(axis=1) * seeds / (seeds - 1)
        base = base + training * quantile(seeds - 1) ** 2
    return np.sqrt(base)


class Tally:
    def __init__(self):
        self.agreeing, self.left, self.mistakes, self.largest = 0, 0, [], 0.0

    def interval(self, what, told, mean, halves, limits):
        low, high = told["ci95"]
        is_clipped = low <= limits[0] + 1e-12 or high >= limits[1] - 1e-12
        if is_clipped or told.get("differing") is not None:
            self.left += 1
            return
        width, error = halves.mean(), halves.std(ddof=1) / math.sqrt(BATCHES)
        off = abs((high - low) / 2 - width)
        errors = off / error if error > 0 else (0.0 if off < 1e-9 else math.inf)
        self.largest = max(self.largest, errors)
        if errors > SURE or abs((high + low) / 2 - mean) > 1e-9:
            self.mistakes.append(
                f"{what}: the report says {low:.5f} to {high:.5f}, draws give "
                f"{mean - width:.5f} to {mean + width:.5f} (standard error {error:.5f})"
            )
        else:
            self.agreeing += 1


def check(report, runs, tally):
    for told in report["scores"] + report["unseenMeans"]:
        place = (told["task"], told.get("setting"), told["source"], told["method"])
        is_mean = told["model"].startswith("mean of ")
        models = unseen_models(report, told) if is_mean else [told["model"]]
        per_model = [pick(runs, *place, model) for model in models]
        if not all(per_model):
            continue
        by_seed = hits_by_seed(per_model, len(per_model[0]))
        look(f"{told['method']}, {told['model']}", told, per_model[0][0], by_seed, (0, 1), tally)
    for told in report["comparisons"]:
        place = (told["task"], told.get("setting"), told["source"])
        a, b = (
            [pick(runs, *place, told[side], model) for model in told["models"]] for side in "ab"
        )
        if not all(a) or not all(b):
            continue
        seeds = max(len(found) for found in a + b)
        ha, hb = hits_by_seed(a, seeds), hits_by_seed(b, seeds)
        by_seed = [[x - y for x, y in zip(ha[s], hb[s])] for s in range(seeds)]
        look(f"{told['a']} - {told['b']}, {told['over']}", told, a[0][0], by_seed, (-1, 1), tally)


def look(what, told, run, by_seed, limits, tally):
    mean = float(np.mean(by_seed))
    halves = half_widths(run["rows"], run.get("classes"), by_seed)
    tally.interval(f"{told['task']}, {what}", told, mean, halves, limits)


def main(folder):
    path = os.path.join(folder, "report", "report.json")
    if not os.path.exists(path):
        print(f"Cannot resample {folder}: there is no {path}; give the folder of a run", file=sys.stderr)
        return 2
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    runs = list(read_runs(folder, set(report["answers"])).values())
    tally = Tally()
    check(report, runs, tally)
    for mistake in tally.mistakes:
        print(mistake)
    print(
        f"{tally.agreeing} intervals agree, {len(tally.mistakes)} do not, {tally.left} are left to "
        f"recompute.py; the furthest is {tally.largest:.1f} standard errors off"
    )
    return 1 if tally.mistakes or tally.agreeing == 0 else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print("Usage: python3 test/tools/resample.py .tvp/runs/NAME/latest", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1]))
