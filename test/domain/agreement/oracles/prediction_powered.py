# Means by ppi_py, the authors' own code of PPI++ (github.com/aangelopoulos/ppi_py at bd90caada03a1a3473eea62c53e39123371dedb8),
# of its example about deforestation (examples/baselines/forest_badmodel.npz: Y from people, Yhat from a model), and of drawn
# scores, also with weights. In a checkout of it, with numpy, scipy, numba, statsmodels, scikit-learn and tqdm:
# PYTHONPATH=. python3 prediction_powered.py > prediction-powered.json
import json
import numpy as np
from ppi_py import ppi_mean_ci, ppi_mean_pointestimate
from scipy.stats import norm

rng = np.random.default_rng(5)
forest = np.load("examples/baselines/forest_badmodel.npz")


def case(human, judge, unlabelled, weights=None):
    human, judge, unlabelled = (np.round(np.asarray(x, float), 6) for x in (human, judge, unlabelled))
    w = None if weights is None else np.round(np.asarray(weights, float), 6)
    point = float(np.ravel(ppi_mean_pointestimate(human, judge, unlabelled, w=w))[0])
    low, high = (float(np.ravel(x)[0]) for x in ppi_mean_ci(human, judge, unlabelled, alpha=0.05, w=w))
    untuned = float(np.ravel(ppi_mean_pointestimate(human, judge, unlabelled, lam=1, w=w))[0])
    return {
        "human": human.tolist(), "judge": judge.tolist(), "unlabelled": unlabelled.tolist(),
        "weights": None if w is None else w.tolist(), "mean": point, "untuned": untuned,
        "standardError": (high - low) / (2 * float(norm.ppf(0.975))),
    }


order = rng.permutation(len(forest["Y"]))
Y, Yhat = forest["Y"][order], forest["Yhat"][order]
truth = rng.normal(0.6, 0.2, 160)
scores = 0.7 * truth + rng.normal(0.25, 0.1, 160)
binary = rng.random(120) < 0.3
verdicts = np.where(rng.random(120) < 0.8, binary, ~binary)
noise = rng.normal(0, 1, 90)
cases = [
    case(Y[:50], Yhat[:50], Yhat[50:250]),
    case(truth[:40], scores[:40], scores[40:]),
    case(binary[:30], verdicts[:30], verdicts[30:]),
    case(truth[:60], scores[:60], scores[60:], rng.uniform(1, 4, 60)),
    case(truth[:30], noise[:30], noise[30:]),
]
print(json.dumps(cases))
