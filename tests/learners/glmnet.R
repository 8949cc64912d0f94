# Figures of R's glmnet for tests/learners/test_penalty.py:
#   Rscript tests/learners/glmnet.R > tests/learners/glmnet.csv
# The rows are formulas, which the test computes as well. The fourth column is nearly the first.
suppressMessages(library(glmnet))
n <- 80
i <- 1:n
x <- cbind(sin(i), cos(2 * i), sin(3 * i + 1), sin(i) + 0.1 * cos(5 * i), cos(7 * i))
x <- scale(x) * sqrt(n / (n - 1))
eta <- 0.5 + x[, 1] - 0.7 * x[, 2] + 0.3 * sin(11 * i)
labels <- list(
  gaussian = eta,
  binomial = as.numeric(eta + 1.5 * cos(13 * i) > 0),
  poisson = floor(exp(0.7 * eta) + 0.5 + 0.5 * cos(13 * i))
)
cat(R.version.string, ", glmnet ", as.character(packageVersion("glmnet")), "\n", sep = "")
cat("family,alpha,lambda,low,high,b0,b1,b2,b3,b4,b5\n")
for (family in names(labels)) for (alpha in c(0.2, 0.7, 1)) for (lambda in c(0.01, 0.1)) {
  for (box in list(c(-Inf, Inf), c(-0.25, 0.4))) {
    fit <- glmnet(x, labels[[family]], family = family, alpha = alpha, lambda = lambda,
      lower.limits = box[1], upper.limits = box[2], standardize = FALSE, thresh = 1e-20,
      maxit = 1e7)
    values <- c(alpha, lambda, box, as.numeric(coef(fit)))
    cat(family, sprintf("%.12g", values), sep = ",")
    cat("\n")
  }
}
