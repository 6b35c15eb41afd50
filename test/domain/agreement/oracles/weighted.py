# Weighted figures written from their textbooks' formulas in numpy, over every item of the population, apart from the code
# under test, which sees the items without labels only as their count, mean and variance:
# python3 weighted.py > weighted.json
import json
import numpy as np

rng = np.random.default_rng(11)


def two_phase(human, judge, probability, drawn, lam):
    """Zrnic and Candes (2024), eq. 3, with Hajek's normalisation: the increments of every item, and their variance."""
    N = len(judge)
    w = np.where(drawn, 1 / probability, 0.0)
    h = np.where(drawn, human, 0.0)
    def increments(l):
        e = h - l * np.where(drawn, judge, 0.0)
        mean_e = np.sum(w * e) / np.sum(w)
        return l * judge + mean_e + np.where(drawn, (e - mean_e) * w * N / np.sum(w), 0.0)
    if lam is None:
        # The variance is a parabola in lambda: its minimum from three points.
        v = [np.var(increments(l)) for l in (0.0, 0.5, 1.0)]
        a = 2 * (v[0] - 2 * v[1] + v[2])
        b = v[2] - v[0] - a
        lam = float(np.clip(-b / (2 * a), 0, 1)) if a > 0 else 0.0
    u = increments(lam)
    return {"lambda": lam, "mean": float(u.mean()), "standardError": float(np.sqrt(np.var(u) / N))}


def case(human, judge, probability, drawn):
    human, judge, probability = (np.round(np.asarray(x, float), 6) for x in (human, judge, probability))
    rest = judge[~drawn]
    return {
        "labelled": [{"human": float(h), "judge": float(j), "probability": float(p)}
                     for h, j, p in zip(human[drawn], judge[drawn], probability[drawn])],
        "unlabelled": rest.tolist(),
        "tuned": two_phase(human, judge, probability, drawn, None),
        "untuned": two_phase(human, judge, probability, drawn, 1.0),
    }


N = 400
truth = (rng.random(N) < 0.4).astype(float)
verdict = np.where(rng.random(N) < 0.8, truth, 1 - truth)
p1 = np.where(verdict == 1, 0.5, 0.1)
score = rng.normal(0.5, 0.2, N)
human = 0.6 * score + rng.normal(0.2, 0.1, N)
p2 = np.clip(0.05 + 0.6 * np.abs(score - 0.5), 0.05, 1)
p3 = np.full(N, 0.25)
means = [case(truth, verdict, p1, rng.random(N) < p1), case(human, score, p2, rng.random(N) < p2),
         case(rng.normal(0, 1, N), score, p3, rng.random(N) < p3)]

# Weighted least squares by matrices: the mean (an intercept alone) and a slope, with White's HC1.
def wls(X, y, w):
    W = np.diag(w)
    bread = np.linalg.inv(X.T @ W @ X)
    beta = bread @ X.T @ W @ y
    r = y - X @ beta
    n, k = X.shape
    meat = X.T @ np.diag((w * r) ** 2) @ X
    return beta, np.sqrt(np.diag(bread @ meat @ bread) * n / (n - k))

n = 30
judge = np.round(rng.random(n), 3)
person = np.round(0.5 * judge + 0.5 * rng.random(n), 3)
size = np.arange(n) * 100 + 50
weight = np.round(rng.uniform(1, 6, n), 3)
d = judge - person
one = np.ones((n, 1))
bias, bias_se = wls(one, d, weight)
slope, slope_se = wls(np.column_stack([np.ones(n), size / 1000]), d, weight)
mj, mp = np.average(judge, weights=weight), np.average(person, weights=weight)
cov = lambda a, b: np.average((a - a @ weight / weight.sum()) * (b - b @ weight / weight.sum()), weights=weight)
figures = {
    "judge": judge.tolist(), "person": person.tolist(), "bytes": size.tolist(), "weight": weight.tolist(),
    "bias": float(bias[0]), "biasError": float(bias_se[0]), "slope": float(slope[1]), "slopeError": float(slope_se[1]),
    "correlation": float(cov(judge, person) / np.sqrt(cov(judge, judge) * cov(person, person))),
    "effective": float(weight.sum() ** 2 / (weight ** 2).sum()),
}

# Wilson's interval as the roots of (p - s)^2 = z^2 s (1 - s) / n, and kappa as (po - pe) / (1 - pe).
yes, said = rng.random(n) < 0.6, rng.random(n) < 0.6
said = np.where(rng.random(n) < 0.7, yes, said)
def wilson(share, count, z=1.959963984540054):
    a, b, c = 1 + z * z / count, -(2 * share + z * z / count), share ** 2
    return sorted(np.roots([a, b, c]).real.tolist())
w1 = weight[yes]
rate = float((w1 * said[yes]).sum() / w1.sum())
table = np.array([[weight[(yes == a) & (said == b)].sum() for b in (False, True)] for a in (False, True)]) / weight.sum()
pe = float(table.sum(1) @ table.sum(0))
binary = {"yes": yes.tolist(), "said": said.tolist(), "rate": rate,
          "interval": wilson(rate, w1.sum() ** 2 / (w1 ** 2).sum()), "kappa": (float(np.trace(table)) - pe) / (1 - pe)}
print(json.dumps({"means": means, "figures": figures, "binary": binary}))
