// Gaussian expectations of an activation phi and its derivatives: closed forms where they exist (gaussian_closed.h),
// the graded rules of gaussian_rule.h otherwise. Relative error 1e-12 or better for variances from 1e-8 to 1e4 and
// delta = 1 - correlation from 1e-14 to 2.
#pragma once
#include <span>
#include <vector>

#include "core/activation.h"
#include "core/gaussian_rule.h"

namespace mft {

// f(x) = phi^value phi'^first phi''^second x^argument, or its absolute value. Every expectation is one of these.
struct Integrand {
  int value = 0;
  int first = 0;
  int second = 0;
  int argument = 0;
  bool is_absolute = false;
};

struct GaussianFunction {
  Activation activation;
  RuleProfile profile;
  bool value_jumps = false;  // phi jumps at a kink: E phi'^2 diverges
  bool slope_jumps = false;  // phi' jumps at a kink: E phi''^2 diverges
};

// The activation with what the rules must know about it; the kinks are those of its facts (ts/gaussian/activations.ts).
GaussianFunction gaussian_function(Activation activation, RuleProfile profile);

// E f(u), u ~ N(0, q). Infinity where the expectation diverges (phi''^2 with a genuine kink, phi'^2 with a jump).
double gaussian_moment(const GaussianFunction& function, const Integrand& integrand, double q);

// E f(u1) f(u2) for variances q1, q2 and correlation 1 - delta.
double gaussian_pair_moment(const GaussianFunction& function, const Integrand& integrand, double q1, double q2,
                            double delta);

// D = E phi(u1)^2 - E phi(u1) phi(u2) = E (phi(u1) - phi(u2))^2 / 2 at equal variances, without cancellation as delta
// -> 0.
double gaussian_deficit(const GaussianFunction& function, double q, double delta);

// The same by quadrature alone: what the closed forms are tested against, and documentation.
double gaussian_moment_by_quadrature(const GaussianFunction& function, const Integrand& integrand, double q);
double gaussian_pair_moment_by_quadrature(const GaussianFunction& function, const Integrand& integrand, double q1,
                                          double q2, double delta);
double gaussian_deficit_by_quadrature(const GaussianFunction& function, double q, double delta);

}  // namespace mft
