# Writes reference.json: figures of scikit-learn, and VQA's accuracy by its definition, over all ways
# to leave out one of the people who answered: python make_reference.py > reference.json
import json, sys

import numpy as np
from sklearn import metrics as sk

random = np.random.default_rng(7)
cases = []
for rows, share, ties in [(40, 0.5, False), (60, 0.2, True), (25, 0.9, True), (200, 0.5, False)]:
    truth = random.random(rows) < share
    margins = random.normal(truth * 0.8, 1.0)
    if ties:
        margins = np.round(margins)
    margins = np.where(margins == 0, 0.25, margins)
    said = margins > 0
    cases.append({
        "margins": margins.tolist(), "truth": truth.tolist(),
        "precision": sk.precision_score(truth, said, zero_division=0), "recall": sk.recall_score(truth, said, zero_division=0),
        "f1": sk.f1_score(truth, said, zero_division=0), "yesRatio": float(said.mean()), "auc": sk.roc_auc_score(truth, margins),
        "accuracy": sk.accuracy_score(truth, said),
    })

classes = []
for count, rows in [(3, 50), (12, 90)]:
    truth = random.integers(0, count, rows)
    truth[:count] = np.arange(count)
    scores = random.normal(0, 1, (rows, count)) + 1.2 * np.eye(count)[truth]
    said = scores.argmax(1)
    classes.append({
        "truth": truth.tolist(), "scores": scores.tolist(),
        "confusion": sk.confusion_matrix(truth, said, labels=range(count)).tolist(),
        "recalls": sk.recall_score(truth, said, average=None, labels=range(count), zero_division=0).tolist(),
        "classMean": sk.balanced_accuracy_score(truth, said),
        "top5": sk.top_k_accuracy_score(truth, scores, k=5, labels=range(count)) if count >= 10 else None,
    })

vqa = []
for agreeing in range(11):
    people = ["red"] * agreeing + ["blue"] * (10 - agreeing)
    by_person = []
    for left in range(10):
        others = people[:left] + people[left + 1:]
        by_person.append(min(1, sum(one == "red" for one in others) / 3))
    vqa.append({"agreeing": agreeing, "credit": sum(by_person) / 10})

json.dump({"yesNo": cases, "classes": classes, "vqa": vqa}, sys.stdout)
