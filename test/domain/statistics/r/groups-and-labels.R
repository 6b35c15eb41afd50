# Everything beside the paired comparison: tails, shares, labels, groups, ratios, ranks, power.
# Rscript test/domain/statistics/r/groups-and-labels.R > test/domain/statistics/r/groups-and-labels.json   (R 4, no packages)
set.seed(11)
json <- function(x) if (is.list(x)) {
    if (is.null(names(x))) paste0("[", paste(sapply(x, json), collapse = ","), "]")
    else paste0("{", paste0('"', names(x), '":', sapply(x, json), collapse = ","), "}")
  } else if (is.character(x)) paste0('"', x, '"') else if (is.matrix(x)) paste0("[", paste(apply(x, 1, json), collapse = ","), "]") else
  if (length(x) != 1) paste0("[", paste(format(x, digits = 15, trim = TRUE), collapse = ","), "]") else format(x, digits = 15)

f <- lapply(list(c(1.5, 3, 20), c(4.2, 1, 7.5), c(12, 9, 100), c(0.2, 2.5, 4)), function(a)
  list(f = a[1], d1 = a[2], d2 = a[3], p = pf(a[1], a[2], a[3], lower.tail = FALSE)))
chi <- lapply(list(c(3.84, 1), c(1.2, 2), c(15, 5), c(40, 6), c(2.2, 9)), function(a)
  list(x = a[1], df = a[2], p = pchisq(a[1], a[2], lower.tail = FALSE)))

wilson <- lapply(list(c(0, 10), c(1, 1), c(7, 10), c(61, 200), c(999, 1000)), function(a) {
  i <- prop.test(a[1], a[2], correct = FALSE)$conf.int
  list(successes = a[1], n = a[2], low = i[1], high = i[2])
})

# Wilson with the effective sample size of clusters (Korn & Graubard), by its definition.
clustered <- local({
  sizes <- c(4, 9, 2, 7, 5, 5, 8, 3); cluster <- rep(seq_along(sizes), sizes)
  y <- rbinom(length(cluster), 1, plogis(rnorm(length(sizes), 0.5, 1.2))[cluster]); n <- length(y)
  e <- y - mean(y); w <- sizes / n; s <- as.numeric(tapply(e, cluster, sum))
  v <- sum(s^2 / (1 - w)) / n^2; u <- w^2 / (1 - w); df <- 1 / (sum(w^2) + sum(u)^2 - sum(u^2))
  deff <- v / (var(y) / n); z <- qnorm(.975)
  ne <- min(n, n / deff * (z / qt(.975, df))^2)
  p <- mean(y); mid <- (p + z^2 / (2 * ne)) / (1 + z^2 / ne)
  half <- z * sqrt(p * (1 - p) / ne + z^2 / (4 * ne^2)) / (1 + z^2 / ne)
  list(y = y, cluster = cluster - 1, low = mid - half, high = mid + half)
})

stuart <- lapply(list(rbind(c(20, 5, 3), c(10, 15, 4), c(2, 9, 30)), rbind(c(40, 12), c(3, 20)),
    rbind(c(11, 4, 0, 0), c(9, 8, 0, 0), c(0, 0, 7, 6), c(0, 0, 1, 5))), function(m) {
  d <- rowSums(m) - colSums(m); S <- -(m + t(m)); diag(S) <- rowSums(m) + colSums(m) - 2 * diag(m)
  e <- eigen(S, symmetric = TRUE); keep <- e$values > 1e-9
  inverse <- e$vectors[, keep, drop = FALSE] %*% diag(1 / e$values[keep], sum(keep)) %*% t(e$vectors[, keep, drop = FALSE])
  x <- as.numeric(t(d) %*% inverse %*% d); df <- sum(keep)
  p <- if (nrow(m) == 2) binom.test(m[1, 2], m[1, 2] + m[2, 1])$p.value else pchisq(x, df, lower.tail = FALSE)
  list(counts = m, statistic = x, df = df, p = p)
})

welch <- local({
  group <- rep(1:4, c(60, 130, 51, 90)); d <- round(rnorm(length(group), c(0, .2, .3, .1)[group], c(.5, 1, .2, .7)[group]), 4)
  list(d = d, group = group - 1, p = oneway.test(d ~ factor(group))$p.value)
})
# Two tags that overlap: Hotelling's T-squared with the covariance of their means.
hotelling <- local({
  n <- 140; a <- 1:100; b <- 60:140; d <- round(rnorm(n, ifelse(1:n > 100, .6, .1), .5), 4)
  ma <- mean(d[a]); mb <- mean(d[b]); both <- intersect(a, b)
  ra <- (d - ma) / length(a); rb <- (d - mb) / length(b)
  va <- var(d[a]) / length(a); vb <- var(d[b]) / length(b)
  cab <- sum(ra[both] * rb[both]) * sqrt(va * vb / (sum(ra[a]^2) * sum(rb[b]^2)))
  t2 <- (ma - mb)^2 / (va + vb - 2 * cab); df <- min(length(a), length(b)) - 1
  list(d = d, a = a - 1, b = b - 1, p = pf(t2, 1, df, lower.tail = FALSE))
})

# Small groups, each mean as uncertain as its t: two by integration, three by drawing.
small <- local({
  d <- round(c(rnorm(6, 0.2, 2), rnorm(30, 0, 1)), 4); group <- rep(0:1, c(6, 30))
  v <- tapply(d, group, var) / table(group); m <- tapply(d, group, mean); u <- sqrt((1 / v) / sum(1 / v))
  far <- abs(m[1] - m[2]) / sqrt(sum(v))
  inside <- integrate(function(x) dt(x, 5) * (pt((far + u[2] * x) / u[1], 29) - pt((-far + u[2] * x) / u[1], 29)),
    -Inf, Inf, rel.tol = 1e-10)$value
  list(d = d, group = group, p = as.numeric(1 - inside))
})
three <- local({
  group <- rep(0:2, c(5, 40, 12)); d <- round(rnorm(length(group), c(1, 0, .4)[group + 1], c(2, 1, .7)[group + 1]), 4)
  n <- as.numeric(table(group)); v <- as.numeric(tapply(d, group, var)) / n; m <- as.numeric(tapply(d, group, mean))
  w <- 1 / v; u <- sqrt(w / sum(w)); q <- sum(w * (m - sum(w * m) / sum(w))^2)
  draws <- 2e6; t <- sapply(n - 1, function(df) rt(draws, df))
  list(d = d, group = group, p = mean(rowSums(t^2) - (t %*% u)^2 >= q))
})

ratio <- local({
  n <- 30; t0 <- round(rexp(n, 50), 5); b0 <- rbinom(n, 1, .6); t1 <- round(t0 * runif(n, .4, 1.1), 5); b1 <- rbinom(n, 1, .7)
  L <- log(sum(t1) / sum(b1)) - log(sum(t0) / sum(b0))
  u <- t1 / mean(t1) - b1 / mean(b1) - t0 / mean(t0) + b0 / mean(b0); se <- sd(u) / sqrt(n)
  list(t0 = t0, b0 = b0, t1 = t1, b1 = b1, baseline = sum(t0) / sum(b0), candidate = sum(t1) / sum(b1), relative = exp(L),
       low = exp(L - qt(.975, n - 1) * se), high = exp(L + qt(.975, n - 1) * se), p = 2 * pt(-abs(L / se), n - 1))
})

pass <- lapply(list(c(5, 0, 3), c(5, 2, 3), c(10, 4, 1), c(10, 9, 4), c(200, 13, 100)), function(a)
  list(n = a[1], c = a[2], k = a[3], one = 1 - choose(a[1] - a[2], a[3]) / choose(a[1], a[3]), every = choose(a[2], a[3]) / choose(a[1], a[3])))

# Exact power of the exact two-sided McNemar test, summed over all tables.
power <- lapply(list(c(40, .3, .1, .05), c(158, .05, 0, .05), c(465, .04, .01, .05), c(102, .15, .35, .01)), function(a) {
  n <- a[1]; share <- a[2] + a[3]; q <- max(a[2], a[3]) / share; total <- 0
  for (k in 1:n) for (g in 0:k) if (g > k / 2 && min(1, 2 * pbinom(k - g, k, .5)) <= a[4])
    total <- total + dbinom(k, n, share) * dbinom(g, k, q)
  list(n = n, gain = a[2], loss = a[3], level = a[4], power = total)
})

# How much too good the best of three looks: over all halves of eight items.
optimism <- local({
  v <- matrix(round(rnorm(24), 3), 3); halves <- combn(8, 4)
  left <- apply(halves, 2, function(h) { s <- rowSums(v[, h]); mean(rowMeans(v[, -h])[s == max(s)]) })
  list(values = v, optimism = max(rowMeans(v)) - mean(left), sd = sd(left))
})

cat(json(list(f = f, chi = chi, wilson = wilson, clustered = clustered, stuart = stuart, welch = welch, hotelling = hotelling,
  small = small, three = three,
  ratio = ratio, pass = pass, power = power, optimism = optimism)), "\n", sep = "")
