# Clustered standard errors, degrees of freedom, ICC and sign flips by their definitions: matrices and enumeration.
# Rscript test/domain/statistics/r/clusters.R > test/domain/statistics/r/clusters.json   (R 4, no packages)
set.seed(7)
one <- function(sizes, binary) {
  cluster <- rep(seq_along(sizes), sizes)
  effect <- rnorm(length(sizes), 0.1, 0.4)[cluster]
  d <- if (binary) sample(c(-1, 0, 0, 1), length(cluster), TRUE) + 0 else round(effect + rnorm(length(cluster), 0, 0.5), 4)
  n <- length(d); X <- matrix(1, n, 1); H <- X %*% solve(t(X) %*% X) %*% t(X); e <- d - mean(d)
  root <- function(M) { s <- eigen(M, symmetric = TRUE); s$vectors %*% diag(1 / sqrt(s$values), nrow(M)) %*% t(s$vectors) }
  V <- 0; P <- matrix(0, length(sizes), n)
  for (g in seq_along(sizes)) {
    i <- which(cluster == g); A <- root(diag(length(i)) - H[i, i, drop = FALSE])
    V <- V + (sum(A %*% e[i]) / n)^2
    P[g, ] <- (rep(1, length(i)) %*% A %*% (diag(n) - H)[i, ]) / n
  }
  M <- P %*% t(P)
  a <- anova(lm(d ~ factor(cluster))); msb <- a[1, 3]; msw <- a[2, 3]
  m0 <- (n - sum(sizes^2) / n) / (length(sizes) - 1)
  sums <- as.numeric(tapply(d, cluster, sum))
  signs <- as.matrix(expand.grid(rep(list(c(-1, 1)), length(sizes))))
  p <- mean(abs(signs %*% sums) >= abs(sum(sums)) - 1e-9)
  list(d = d, cluster = cluster - 1, se = sqrt(V), df = sum(diag(M))^2 / sum(M * M), icc = (msb - msw) / (msb + (m0 - 1) * msw),
       deff = V / (var(d) / n), t = 2 * pt(-abs(mean(d)) / sqrt(V), sum(diag(M))^2 / sum(M * M)), flip = p)
}
json <- function(x) if (is.list(x)) paste0("{", paste0('"', names(x), '":', sapply(x, json), collapse = ","), "}") else
  if (length(x) > 1) paste0("[", paste(format(x, digits = 15, trim = TRUE), collapse = ","), "]") else format(x, digits = 15)
cases <- list(one(rep(5, 8), FALSE), one(c(1, 2, 3, 9, 4, 4, 20), FALSE), one(rep(6, 10), TRUE), one(c(12, 1, 1, 7, 3, 8, 2, 5, 9, 4), TRUE))
cat(paste0("[", paste(sapply(cases, json), collapse = ",\n"), "]\n"))
