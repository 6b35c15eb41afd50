# Cohen's kappa by vcd, Krippendorff's alpha by irr, Bradley-Terry by BradleyTerry2, its clustered errors by sandwich.
# apt-get install r-base-core r-cran-vcd r-cran-bradleyterry2 r-cran-sandwich; R/kripp.alpha.R is that of github.com/cran/irr
# at 3229aa564b28a83db755d7329fd621e523aaf997.
# Rscript agreement.R kripp.alpha.R > agreement.json
suppressMessages({ library(vcd); library(BradleyTerry2); library(sandwich) })
source(commandArgs(TRUE)[1])
num <- function(x) format(x, digits = 15, trim = TRUE)
vec <- function(x) paste0("[", paste(num(x), collapse = ","), "]")
mat <- function(x) paste0("[", paste(apply(x, 1, vec), collapse = ","), "]")

# Siskel and Ebert (Agresti, Categorical Data Analysis); the example of Fleiss, Cohen and Everitt (1969).
tables <- list(
  matrix(c(24, 8, 13, 8, 13, 11, 10, 9, 64), 3, byrow = TRUE),
  matrix(c(106, 10, 4, 22, 28, 10, 2, 12, 6), 3, byrow = TRUE),
  matrix(c(40, 9, 6, 45), 2, byrow = TRUE))
kappas <- sapply(tables, function(t) {
  linear <- Kappa(t, weights = "Equal-Spacing"); quadratic <- Kappa(t, weights = "Fleiss-Cohen")
  one <- function(name, k) paste0('"', name, '":', num(k[["value"]]), ',"', name, 'Se":', num(k[["ASE"]]))
  paste0('{"counts":', mat(t), ',', one("kappa", linear$Unweighted), ',', one("linear", linear$Weighted), ',', one("quadratic", quadratic$Weighted), '}')
})

# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C: 4 observers, 12 units.
textbook <- rbind(
  c(1, 2, 3, 3, 2, 1, 4, 1, 2, NA, NA, NA), c(1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NA, 3),
  c(NA, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NA), c(1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NA))
set.seed(3)
drawn <- matrix(sample(c(1:5, NA), 150, TRUE, c(3, 4, 5, 4, 3, 4)), 5)
truth <- sample(1:5, 30, TRUE); for (r in 1:3) drawn[r, ] <- ifelse(is.na(drawn[r, ]), NA, pmin(5, pmax(1, truth + sample(-1:1, 30, TRUE))))
alphas <- sapply(list(textbook, drawn), function(m) {
  a <- function(level) num(kripp.alpha(m, level)$value)
  units <- apply(m, 2, function(x) vec(x[!is.na(x)]))
  paste0('{"units":[', paste(units, collapse = ","), '],"nominal":', a("nominal"), ',"ordinal":', a("ordinal"), ',"interval":', a("interval"), '}')
})

# The examples of BradleyTerry2's documentation: citations of journals (Agresti), baseball without the home field.
countsToBinomial(citations) -> cit
b <- BTm(cbind(win1, win2), player1, player2, data = cit)
journals <- levels(cit$player1)
bb <- BTm(cbind(home.wins, away.wins), home.team, away.team, data = baseball, id = "team")
teams <- levels(baseball$home.team)
one <- function(first, second, w1, w2, fit, names) {
  rows <- paste0("[", match(first, names) - 1, ",", match(second, names) - 1, ",", w1, ",", w2, "]")
  paste0('{"wins":[', paste(rows, collapse = ","), '],"strengths":', vec(c(0, coef(fit))), ',"se":', vec(c(0, sqrt(diag(vcov(fit))))), '}')
}
games <- c(
  one(as.character(cit$player1), as.character(cit$player2), cit$win1, cit$win2, b, journals),
  one(as.character(baseball$home.team), as.character(baseball$away.team), baseball$home.wins, baseball$away.wins, bb, teams))

# 40 items, four systems, judged several times each: errors clustered by item.
set.seed(11)
n <- 240; item <- sample(1:40, n, TRUE); first <- sample(0:3, n, TRUE); second <- (first + sample(1:3, n, TRUE)) %% 4
strength <- c(0, 0.4, 0.9, -0.3); luck <- rnorm(40, 0, 0.8)
win <- rbinom(n, 1, plogis(strength[first + 1] - strength[second + 1] + luck[item] * (first - second) / 2))
X <- t(sapply(1:n, function(i) { x <- numeric(4); x[first[i] + 1] <- 1; x[second[i] + 1] <- -1; x[-1] }))
g <- glm(win ~ X - 1, family = binomial, control = list(epsilon = 1e-14, maxit = 100))
clustered <- sqrt(diag(vcovCL(g, cluster = item, type = "HC0", cadjust = TRUE)))
clusters <- paste0('{"first":', vec(first), ',"second":', vec(second), ',"win":', vec(win), ',"item":', vec(item), ',"strengths":', vec(c(0, coef(g))),
  ',"se":', vec(c(0, clustered)), '}')
cat('{"kappas":[', paste(kappas, collapse = ",\n"), '],\n"alphas":[', paste(alphas, collapse = ",\n"), '],\n"games":[', paste(games, collapse = ",\n"),
  '],\n"clusters":', clusters, '}\n', sep = "")
