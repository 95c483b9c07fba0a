"""Recomputes a report from the answers behind it, by other code than the report's own.

    python3 test/tools/recompute.py .tvp/runs/quickstart/latest

Reads report.json of the run and, in its folder, the answers that the report lists by their sha256.
Accuracies, differences, 95 %
intervals, p, Holm's correction, and what the unseen models have in common are computed again from
the rows by the formulas of docs/statistics.md, with plain loops. Student's t comes from the finite
sums of Abramowitz and Stegun (26.7.3, 26.7.4), the share of clusters from the finite sum of the
binomial tail. Ends with 1 where a figure disagrees, with 2 where there is nothing to read. Needs
Python 3.8 or later and no packages.
"""

import hashlib
import json
import math
import os
import sys

TOLERANCE = 2e-6  # The report's quantiles are good to about 1e-7.
BASELINES = ("none", "shrunk", "plain", "noise")


# --- Distributions ---


def t_inside(t, df):
    """P(|T| < t), for whole degrees of freedom."""
    theta = math.atan(t / math.sqrt(df))
    sine, cosine = math.sin(theta), math.cos(theta)
    if df % 2 == 1:
        total, term = 0.0, cosine
        for k in range(1, (df - 1) // 2 + 1):
            total += term
            term *= cosine * cosine * (2 * k) / (2 * k + 1)
        return 2 / math.pi * (theta + sine * total)
    total, term = 0.0, 1.0
    for k in range(1, df // 2 + 1):
        total += term
        term *= cosine * cosine * (2 * k - 1) / (2 * k)
    return sine * total


def t_quantile(level, df):
    """t with P(|T| > t) = level."""
    low, high = 0.0, 1.0
    while t_inside(high, df) < 1 - level:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        if t_inside(middle, df) < 1 - level:
            low = middle
        else:
            high = middle
    return high


def largest_share(level, count, total):
    """The share of which `count` or fewer of `total` are seen with probability level / 2."""
    if count >= total:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(80):
        share = (low + high) / 2
        tail, term = 0.0, 1.0
        for i in range(count + 1):
            tail += term
            term *= share * (total - count + i) / (i + 1)
        if tail * (1 - share) ** (total - count) > level / 2:
            low = share
        else:
            high = share
    return low


# --- Samples ---


def strata_of(rows, classes):
    """For every row the name of its stratum: its class where all are as frequent, else one for all."""
    counts = {}
    for row in rows:
        counts[row["answer"]] = counts.get(row["answer"], 0) + 1
    if not classes or max(counts.values()) - min(counts.values()) > 1:
        return ["all"] * len(rows)
    clusters = {}  # class -> its clusters
    classes_of = {}  # cluster -> its classes
    for row in rows:
        clusters.setdefault(row["answer"], set()).add(row["cluster"])
        classes_of.setdefault(row["cluster"], set()).add(row["answer"])
    if any(len(found) > 1 for found in classes_of.values()):
        return ["all"] * len(rows)
    lone = [name for name in clusters if len(clusters[name]) == 1]
    if len(lone) == 1 and len(clusters) > 1:
        others = [name for name in clusters if name not in lone]
        lone.append(min(others, key=lambda name: len(clusters[name])))
    if len(clusters) == 1:
        lone = []
    return ["joined" if row["answer"] in lone else row["answer"] for row in rows]


def estimate(rows, classes, by_seed, least, most):
    """Mean, interval by level, numbers of clusters and strata, of values in [least, most]."""
    n, seeds = len(rows), len(by_seed)
    strata = strata_of(rows, classes)
    value = [sum(values[i] for values in by_seed) / seeds for i in range(n)]
    mean = sum(value) / n
    in_stratum = {}
    for i in range(n):
        in_stratum.setdefault(strata[i], []).append(value[i])
    rest = [value[i] - sum(in_stratum[strata[i]]) / len(in_stratum[strata[i]]) for i in range(n)]

    members = {}
    for i, row in enumerate(rows):
        members.setdefault(row["cluster"], []).append(i)
    drawings = 0.0
    for inside in members.values():
        share = len(inside) / len(in_stratum[strata[inside[0]]])
        if share < 1:
            drawings += sum(rest[i] for i in inside) ** 2 / (1 - share)
    drawings /= n * n
    freedom = len(members) - len(in_stratum)

    styles, style_count = 0.0, 0
    if all("style" in row for row in rows):
        by_style = {}
        for i, row in enumerate(rows):
            by_style.setdefault(row["style"], []).append(i)
        if len(by_style) >= 3:
            style_count = len(by_style)
            for inside in by_style.values():
                styles += sum(rest[i] for i in inside) ** 2 / (1 - len(inside) / n)
            styles /= n * n

    training = 0.0
    if seeds > 1:
        means = [sum(values) / n for values in by_seed]
        training = sum((m - mean) ** 2 for m in means) / (seeds - 1) / seeds

    tallies = {}  # stratum -> value -> clusters that have it
    for inside in members.values():
        m = sum(value[i] for i in inside) / len(inside)
        tallies.setdefault(strata[inside[0]], {}).setdefault(f"{m:.9f}", []).append(m)
    usual, differing = 0.0, 0
    for name, tally in tallies.items():
        most_common = max(tally.values(), key=len)
        usual += most_common[0] * len(in_stratum[name]) / n
        differing += sum(len(same) for same in tally.values()) - len(most_common)
    effective = n * n / sum(len(inside) ** 2 for inside in members.values())

    def interval(level):
        base = drawings * t_quantile(level, freedom) ** 2 if freedom > 0 else 0.0
        if style_count:
            base = max(base, styles * t_quantile(level, style_count - 1) ** 2)
        if seeds > 1:
            base += training * t_quantile(level, seeds - 1) ** 2
        low, high = max(least, mean - math.sqrt(base)), min(most, mean + math.sqrt(base))
        if differing < 5:
            share = largest_share(level, differing, effective)
            low = min(low, usual - share * (usual - least))
            high = max(high, usual + share * (most - usual))
        return low, high

    return {
        "mean": mean,
        "interval": interval,
        "clusters": len(members),
        "strata": len(in_stratum),
        "styles": style_count,
        "differing": differing if differing < 5 else None,
    }


def p_of(interval):
    """The largest level at which the interval still holds 0."""
    low, high = math.log(1e-12), 0.0
    for _ in range(45):
        middle = (low + high) / 2
        ends = interval(math.exp(middle))
        if ends[0] <= 0 <= ends[1]:
            low = middle
        else:
            high = middle
    return math.exp(low)


def holm(ps):
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    out, so_far = [0.0] * len(ps), 0.0
    for rank, i in enumerate(order):
        so_far = max(so_far, min(1.0, (len(ps) - rank) * ps[i]))
        out[i] = so_far
    return out


# --- Runs ---


def read_runs(folder, digests):
    """The files of answers with these digests."""
    runs = {}
    for path, _, files in os.walk(folder, followlinks=True):
        for name in files:
            with open(os.path.join(path, name), "rb") as file:
                content = file.read() if name.endswith(".json") else b""
            digest = hashlib.sha256(content).hexdigest()
            if digest in digests:
                runs[digest] = json.loads(content)
    return runs


def is_called(run, label):
    """Whether a table's row, such as "tvp, lr 2", is of a run."""
    if run["method"] == label:
        return True
    if not label.startswith(run["method"] + ", "):
        return False
    told = [f"{key} {value}" for key, value in run["treatment"].items()]
    return all(
        part in told or (part.endswith(" unknown") and part[:-8] not in run["treatment"])
        for part in label[len(run["method"]) + 2 :].split(", ")
    )


def pick(runs, task, setting, source, label, model):
    """Runs of one row of a table, by seed; a baseline without a setting stands beside each."""
    mine = [
        run
        for run in runs
        if run["task"] == task and run["model"] == model and is_called(run, label)
        and (" + ".join(run["sources"]) or None) in (None, source)
    ]
    own = [run for run in mine if run.get("setting") == setting]
    if not own and label.split(",")[0] in BASELINES:
        own = [run for run in mine if "setting" not in run]
    return sorted(own, key=lambda run: -1 if run["seed"] is None else run["seed"])


def hits_by_seed(per_model, seeds):
    """For each seed the mean hit of every row over the models; one run stands for all seeds."""
    out = []
    for s in range(seeds):
        runs = [found[0] if len(found) == 1 else found[s] for found in per_model]
        rows = len(runs[0]["rows"])
        out.append([sum(run["rows"][i]["hit"] for run in runs) / len(runs) for i in range(rows)])
    return out


class Check:
    """Counts figures and remembers what disagrees."""

    def __init__(self):
        self.figures, self.mistakes = 0, []

    def same(self, what, found, told, tolerance=TOLERANCE):
        self.figures += 1
        if found is None or told is None:
            agree = found == told
        else:
            agree = abs(found - told) <= tolerance
        if not agree:
            self.mistakes.append(f"{what}: the report says {told}, the answers give {found}")

    def sample(self, what, found, told):
        for key in ("clusters", "strata", "styles", "differing"):
            self.same(f"{what}, {key}", found[key], told.get(key))
        for end, value in enumerate(found["interval"](0.05)):
            self.same(f"{what}, end {end} of the interval", value, told["ci95"][end])


def check_scores(report, runs, check):
    for told in report["scores"] + report["unseenMeans"]:
        what = f"{told['task']}, {told['method']}, {told['model']}"
        place = (told["task"], told.get("setting"), told["source"], told["method"])
        if told["model"].startswith("mean of "):
            models = unseen_models(report, told)
        else:
            models = [told["model"]]
        per_model = [pick(runs, *place, model) for model in models]
        if any(not found for found in per_model):
            check.mistakes.append(f"{what}: there are no answers of it")
            continue
        first = per_model[0][0]
        by_seed = hits_by_seed(per_model, len(per_model[0]))
        found = estimate(first["rows"], first.get("classes"), by_seed, 0, 1)
        check.same(f"{what}, mean", found["mean"], told["mean"], 1e-9)
        check.sample(what, found, told)


def unseen_models(report, told):
    """The models that a mean is of: those that the report calls unseen beside its source."""
    wanted = (told["task"], told.get("setting"), told["source"], "unseen")
    for compared in report["comparisons"]:
        place = (compared["task"], compared.get("setting"), compared["source"], compared["over"])
        # A score's role is that beside all sources. A baseline may know more models than a prompt.
        if place == wanted and told["model"] == f"mean of {len(compared['models'])} unseen":
            return compared["models"]
    models = []
    sources = (told["source"] or "").split(" + ")
    for score in report["scores"]:
        if (
            score["task"] == told["task"]
            and score.get("setting") == told.get("setting")
            and score["method"] == told["method"]
            and score["source"] in (None, told["source"])
            and score["model"] not in sources
            and score["role"] not in ("clip", "own-encoder")
            and score["model"] not in models
        ):
            models.append(score["model"])
    return models


def check_comparisons(report, runs, check):
    ps = []
    for told in report["comparisons"]:
        what = f"{told['task']}, {told['a']} - {told['b']}, {told['over']} of {told['source']}"
        place = (told["task"], told.get("setting"), told["source"])
        a, b = (
            [pick(runs, *place, told[side], model) for model in told["models"]]
            for side in ("a", "b")
        )
        all_runs = [run for found in a + b for run in found]
        if not all(a) or not all(b):
            check.mistakes.append(f"{what}: there are no answers of it")
            continue
        digests = [[row["digest"] for row in run["rows"]] for run in all_runs]
        if any(other != digests[0] for other in digests):
            check.mistakes.append(f"{what}: the rows differ, they cannot be paired")
            continue
        seeds = max(len(found) for found in a + b)
        names = [[run["seed"] for run in found] for found in a + b if len(found) > 1]
        if any(other != names[0] for other in names):
            check.mistakes.append(f"{what}: the seeds differ")
            continue
        ha, hb = hits_by_seed(a, seeds), hits_by_seed(b, seeds)
        by_seed = [[x - y for x, y in zip(ha[s], hb[s])] for s in range(seeds)]
        first = all_runs[0]
        found = estimate(first["rows"], first.get("classes"), by_seed, -1, 1)
        check.same(f"{what}, difference", found["mean"], told["difference"], 1e-9)
        check.same(f"{what}, seeds", seeds, told["seeds"])
        check.sample(what, found, told)
        p = 1.0 if abs(found["mean"]) < 1e-12 else p_of(found["interval"])
        check.same(f"{what}, p", p, told["p"], 1e-5)
        if told["primary"]:
            ps.append((what, p, told.get("pHolm")))
    for (what, _, told), corrected in zip(ps, holm([p for _, p, _ in ps])):
        check.same(f"{what}, p (Holm)", corrected, told, 1e-4)


def check_agreements(report, runs, check):
    for told in report["agreements"]:
        what = f"{told['task']}, models unseen by {told['source']}"
        found = [
            pick(runs, told["task"], None, told["source"], told["method"], model)
            for model in told["models"]
        ]
        if not all(found):
            continue
        picked = [one[0]["rows"] for one in found]
        correlations, kappas = [], []
        for i in range(len(picked)):
            for j in range(i):
                correlations.append(correlation(picked[i], picked[j]))
                kappas.append(kappa(picked[i], picked[j]))
        mean = sum(correlations) / len(correlations)
        check.same(f"{what}, correlation", mean, told["correlation"])
        count = len(picked)
        check.same(f"{what}, effective", count / (1 + (count - 1) * max(0, mean)), told["effective"])
        check.same(f"{what}, kappa", sum(kappas) / len(kappas), told["kappa"])


def correlation(a, b):
    n = len(a)
    both = sum(1 for x, y in zip(a, b) if x["hit"] and y["hit"]) / n
    one, other = sum(x["hit"] for x in a) / n, sum(y["hit"] for y in b) / n
    spread = math.sqrt(one * (1 - one) * other * (1 - other))
    return (both - one * other) / spread if spread > 0 else float(one == other)


def kappa(a, b):
    n = len(a)
    same = sum(1 for x, y in zip(a, b) if x["prediction"] == y["prediction"]) / n
    answers = {row["prediction"] for row in a} | {row["prediction"] for row in b}
    chance = 0.0
    for answer in answers:
        chance += sum(x["prediction"] == answer for x in a) / n * (
            sum(y["prediction"] == answer for y in b) / n
        )
    return 1.0 if chance == 1 else (same - chance) / (1 - chance)


def main(folder):
    path = os.path.join(folder, "report", "report.json")
    if not os.path.exists(path):
        print(f"Cannot recompute {folder}: there is no {path}; give the folder of a run", file=sys.stderr)
        return 2
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    found = read_runs(folder, set(report["answers"]))
    lost = [digest for digest in report["answers"] if digest not in found]
    if lost:
        print(
            f"Cannot recompute {folder}: {len(lost)} of {len(report['answers'])} files of answers "
            f"are not in it, or are not those of the report (sha256 {lost[0]})",
            file=sys.stderr,
        )
        return 1
    runs = list(found.values())
    check = Check()
    check_scores(report, runs, check)
    check_comparisons(report, runs, check)
    check_agreements(report, runs, check)
    for mistake in check.mistakes:
        print(mistake)
    print(f"{check.figures} figures from {len(runs)} files of answers, {len(check.mistakes)} disagree")
    return 1 if check.mistakes or check.figures == 0 else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print("Usage: python3 test/tools/recompute.py .tvp/runs/NAME/latest", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1]))
