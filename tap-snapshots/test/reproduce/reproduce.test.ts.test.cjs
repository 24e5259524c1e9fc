/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/reproduce/reproduce.test.ts > TAP > deep-cnn-bound-race > deep-cnn-bound-race depth 1`] = `
The same of 60,000 images over the depth: 3 × 3 kernels, 8 channels
 | x convolutions L linear | y bound on the gap log | area line line rule point | stated line; repaired line; certified line; bitCount line; parameterCount line; says nothing dashed
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-cnn-bound-race > deep-cnn-bound-race samples 1`] = `
Bounds on the gap of a network of 5,110 weights
 | x images n log | y bound on the gap log | area line line rule point | stated line; repaired line; certified line; bitCount line; parameterCount line; says nothing dashed
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-cnn-gap > deep-cnn-gap gap 1`] = `
Gap of a network of 2,310 weights (synthetic images) and the bounds on it
 | x training images n log | y gap log | area line line rule point | stated bound line; certified bound line; |test − training risk| point; says nothing dashed; bound of 4 bits a weight point
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-cnn-gap-gratings > deep-cnn-gap-gratings gap 1`] = `
Gap of a network on gratings and the bounds on it
 | x training images n log | y gap log | area line line rule point | stated bound line; certified bound line; |test − training risk| point; says nothing dashed
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-cnn-gradient-noise > deep-cnn-gradient-noise squares 1`] = `
Squared gradients over n images at fixed weights
 | x images n log | y |∇|² log | area line line rule point | from single images line; measured point
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-cnn-norms > deep-cnn-norms gap 1`] = `
Training held to norms of the kernels: the gap and the bounds
 | x norm log | y gap, bound or risk log | area line line rule point | stated bound line; certified bound line; training risk line; |test − training risk| point
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-cnn-ranking > deep-cnn-ranking ranking 1`] = `
Measured gap against bounds, one point per architecture
 | x bound log | y test − training risk, at least 1e-4 log | area line line rule point | stated point; certified point; bitCount point; parameterCount point
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-cnn-ranks > deep-cnn-ranks gap 1`] = `
Training held to ranks of eight kernels of 5 × 5: the gap and the bounds
 | x rank log | y gap, bound or risk log | area line line rule point | stated bound line; certified bound line; training risk line; |test − training risk| point
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-cnn-stationary-points > deep-cnn-stationary-points distance 1`] = `
Distance of stationary points of n examples from those of the true risk
 | x examples n log | y |w_n − w*| log | area line line rule point | minimum, √(tr(H⁻¹ΣH⁻¹)/n) line; minimum point; saddle of index 4, √(tr(H⁻¹ΣH⁻¹)/n) line; saddle of index 4 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-dropout-figure-1 > deep-dropout-figure-1 correlation-maps 1`] = `
Correlation maps at q*: one layer, width 500, 20 networks (bars: standard deviation)
(c) ReLU, σ_w = 0.9, σ_b = 0.5 | x c linear | y c′ linear | area line line rule point | c = c′ dashed; ρ = 1 line; ρ = 1 point; ρ = 0.7 line; ρ = 0.7 point
(d) erf(√π x/2), σ_w = 0.9, σ_b = 0.5 | x c linear | y c′ linear | area line line rule point | c = c′ dashed; ρ = 1 line; ρ = 1 point; ρ = 0.7 line; ρ = 0.7 point; ρ = 0.4 line; ρ = 0.4 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-dropout-figure-1 > deep-dropout-figure-1 variance-maps 1`] = `
Variance maps: one layer, width 500, 20 networks (bars: standard deviation)
(a) linear, σ_w = 0.5, σ_b = 1.5 | x q linear | y q′ linear | area line line rule point | q = q′ dashed; ρ = 1 line; ρ = 1 point; ρ = 0.7 line; ρ = 0.7 point; ρ = 0.4 line; ρ = 0.4 point
(b) tanh, σ_w = 2.5, σ_b = 0.5 | x q linear | y q′ linear | area line line rule point | q = q′ dashed; ρ = 1 line; ρ = 1 point; ρ = 0.7 line; ρ = 0.7 point; ρ = 0.4 line; ρ = 0.4 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-dropout-figure-2 > deep-dropout-figure-2 gradients 1`] = `
Linear network, σ_w² = 0.5, σ_b² = 0.1, width 300, 20 networks (lines: closed form)
(a) one input: g_aa | x layer linear | y log₁₀ of the mean linear | area line line rule point | ρ = 0.6 line; ρ = 0.6 point; ρ = 0.7 line; ρ = 0.7 point; ρ = 0.8 line; ρ = 0.8 point; ρ = 0.9 line; ρ = 0.9 point; ρ = 1 line; ρ = 1 point
(b) pair: |g_ab|, theory of the mean | x layer linear | y log₁₀ of the mean linear | area line line rule point | ρ = 0.6 line; ρ = 0.6 point; ρ = 0.7 line; ρ = 0.7 point; ρ = 0.8 line; ρ = 0.8 point; ρ = 0.9 line; ρ = 0.9 point; ρ = 1 line; ρ = 1 point
(c) pair, last 30 layers | x layer linear | y log₁₀ of the mean linear | area line line rule point | ρ = 0.6 line; ρ = 0.6 point; ρ = 0.7 line; ρ = 0.7 point; ρ = 0.8 line; ρ = 0.8 point; ρ = 0.9 line; ρ = 0.9 point; ρ = 1 line; ρ = 1 point
(d) pair: |g_ab| with χ₁^(L−l) | x layer linear | y log₁₀ of the mean linear | area line line rule point | ρ = 0.6 point; ρ = 0.6 dashed; ρ = 0.7 point; ρ = 0.7 dashed; ρ = 0.8 point; ρ = 0.8 dashed; ρ = 0.9 point; ρ = 0.9 dashed; ρ = 1 point; ρ = 1 dashed
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-dropout-figure-3 > deep-dropout-figure-3 gradients 1`] = `
Mean gradients, width 300, 16 networks (dashed: χ₁^(L−l) through the middle)
(a) ReLU, σ_w² = 1, σ_b² = 0.1: g_aa | x layer linear | y log₁₀ of the mean linear | area line line rule point | ρ = 0.7 point; ρ = 0.7 dashed; ρ = 0.8 point; ρ = 0.8 dashed; ρ = 0.9 point; ρ = 0.9 dashed; ρ = 1 point; ρ = 1 dashed
(a) ReLU, σ_w² = 1, σ_b² = 0.1: pair, absolute | x layer linear | y log₁₀ of the mean linear | area line line rule point | ρ = 0.7 point; ρ = 0.7 dashed; ρ = 0.8 point; ρ = 0.8 dashed; ρ = 0.9 point; ρ = 0.9 dashed; ρ = 1 point; ρ = 1 dashed
(b) tanh, σ_w² = 1.4, σ_b² = 0.1: g_aa | x layer linear | y log₁₀ of the mean linear | area line line rule point | ρ = 0.7 point; ρ = 0.7 dashed; ρ = 0.8 point; ρ = 0.8 dashed; ρ = 0.9 point; ρ = 0.9 dashed; ρ = 1 point; ρ = 1 dashed
(b) tanh, σ_w² = 1.4, σ_b² = 0.1: pair, absolute | x layer linear | y log₁₀ of the mean linear | area line line rule point | ρ = 0.7 point; ρ = 0.7 dashed; ρ = 0.8 point; ρ = 0.8 dashed; ρ = 0.9 point; ρ = 0.9 dashed; ρ = 1 point; ρ = 1 dashed
(c) hard tanh, σ_w² = 1.4, σ_b² = 0.1: g_aa | x layer linear | y log₁₀ of the mean linear | area line line rule point | ρ = 0.7 point; ρ = 0.7 dashed; ρ = 0.8 point; ρ = 0.8 dashed; ρ = 0.9 point; ρ = 0.9 dashed; ρ = 1 point; ρ = 1 dashed
(c) hard tanh, σ_w² = 1.4, σ_b² = 0.1: pair, absolute | x layer linear | y log₁₀ of the mean linear | area line line rule point | ρ = 0.7 point; ρ = 0.7 dashed; ρ = 0.8 point; ρ = 0.8 dashed; ρ = 0.9 point; ρ = 0.9 dashed; ρ = 1 point; ρ = 1 dashed
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-dropout-figure-4 > deep-dropout-figure-4 gradient-pair 1`] = `
signed g_ab: variance against mean over 40 networks of width 300, every 10th of 200 layers
linear | x log₁₀ |m| linear | y log₁₀ V linear | area line line rule point | ρ = 0.8 point; V = m² dashed
ReLU | x log₁₀ |m| linear | y log₁₀ V linear | area line line rule point | ρ = 0.8 point; V = m² dashed
tanh | x log₁₀ |m| linear | y log₁₀ V linear | area line line rule point | ρ = 0.8 point; V = m² dashed
hard tanh | x log₁₀ |m| linear | y log₁₀ V linear | area line line rule point | ρ = 0.8 point; V = m² dashed
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-dropout-figure-4 > deep-dropout-figure-4 gradient-pair-absolute 1`] = `
absolute g_ab: variance against mean over 40 networks of width 300, every 10th of 200 layers
linear | x log₁₀ |m| linear | y log₁₀ V linear | area line line rule point | ρ = 0.8 point; V = m² dashed
ReLU | x log₁₀ |m| linear | y log₁₀ V linear | area line line rule point | ρ = 0.8 point; V = m² dashed
tanh | x log₁₀ |m| linear | y log₁₀ V linear | area line line rule point | ρ = 0.8 point; V = m² dashed
hard tanh | x log₁₀ |m| linear | y log₁₀ V linear | area line line rule point | ρ = 0.8 point; V = m² dashed
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-dropout-figure-4 > deep-dropout-figure-4 gradient-single 1`] = `
g_aa: variance against mean over 40 networks of width 300, every 10th of 200 layers
linear | x log₁₀ |m| linear | y log₁₀ V linear | area line line rule point | ρ = 0.8 point; V = m² dashed
ReLU | x log₁₀ |m| linear | y log₁₀ V linear | area line line rule point | ρ = 0.8 point; V = m² dashed
tanh | x log₁₀ |m| linear | y log₁₀ V linear | area line line rule point | ρ = 0.8 point; V = m² dashed
hard tanh | x log₁₀ |m| linear | y log₁₀ V linear | area line line rule point | ρ = 0.8 point; V = m² dashed
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-dropout-figure-5 > deep-dropout-figure-5 law 1`] = `
tanh, ρ = 0.9, 80 networks: variance against mean of g_aa
 | x log₁₀ m linear | y log₁₀ V linear | area line line rule point | N = 200 point; N = 400 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-dropout-figure-5 > deep-dropout-figure-5 rate 1`] = `
tanh, ρ = 0.9, 80 networks: the variance of log g_aa collapses in width
 | x M, layers below the output linear | y N · Var(log g_aa) linear | area line line rule point | N = 200 point; βM (derived) dashed; N = 400 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-dropout-figure-6 > deep-dropout-figure-6 collapse 1`] = `
The same against ηL (synthetic images, orthogonal weights, width 32, batches of 64)
ρ = 0.8 | x η L log | y steps τ log | area line line rule point | L = 2 line; L = 2 point; L = 4 line; L = 4 point
ρ = 1 | x η L log | y steps τ log | area line line rule point | L = 3 line; L = 3 point; L = 6 line; L = 6 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-dropout-figure-6 > deep-dropout-figure-6 steps 1`] = `
Steps τ to accuracy 0.25 (synthetic images, orthogonal weights, width 32, batches of 64)
ρ = 0.8 | x learning rate η log | y steps τ log | area line line rule point | L = 2 line; L = 2 point; L = 4 line; L = 4 point
ρ = 1 | x learning rate η log | y steps τ log | area line line rule point | L = 3 line; L = 3 point; L = 6 line; L = 6 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-dropout-figure-7 > deep-dropout-figure-7 keep 1`] = `
Training accuracy at σ_w² = 2, width 24
 | x √(1 − ρ)   (0, 0.1, 0.22, 0.32, 0.45: ρ = 1, 0.99, 0.95, 0.9, 0.8) | y depth L log | rect line rule point | 12 ξ_1; 6 ξ_c; 12 ξ_c; boundary: accuracy 0.5 of the best (95 %)
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-dropout-figure-7 > deep-dropout-figure-7 multiples 1`] = `
Depth of the boundary as a multiple of the depth scales (95 % intervals over σ_w²)
synthetic images, accuracy 0.3 of the best | x √(1 − ρ) linear | y multiple log | area line line rule point | of ξ_1 point; of ξ_c point; of min(ξ_1, ξ_c) point; 6: the papers dashed; 12: the papers dashed
synthetic images, accuracy 0.5 of the best | x √(1 − ρ) linear | y multiple log | area line line rule point | of ξ_1 point; of ξ_c point; of min(ξ_1, ξ_c) point; 6: the papers dashed; 12: the papers dashed
synthetic images, accuracy 0.7 of the best | x √(1 − ρ) linear | y multiple log | area line line rule point | of ξ_1 point; of ξ_c point; of min(ξ_1, ξ_c) point; 6: the papers dashed; 12: the papers dashed
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-dropout-figure-7 > deep-dropout-figure-7 syntheticimages 1`] = `
Training accuracy, width 24
synthetic images, ρ = 1, 40 steps | x σ_w² | y depth L log | rect line rule point | 12 ξ_1; 6 ξ_c; 12 ξ_c; boundary: accuracy 0.5 of the best (95 %)
synthetic images, ρ = 0.8, 40 steps | x σ_w² | y depth L log | rect line rule point | 12 ξ_1; 6 ξ_c; 12 ξ_c; boundary: accuracy 0.5 of the best (95 %)
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-dropout-figure-7-curves > deep-dropout-figure-7-curves curves 1`] = `
Trainable lengths, tanh, σ_b² = 0.05
ρ = 1 | x σ_w² linear | y layers linear | area line line rule point | 12 ξ₁ line; 6 ξ₂ line; 12 ξ₂ line
ρ = 0.99 | x σ_w² linear | y layers linear | area line line rule point | 12 ξ₁ line; 6 ξ₂ line; 12 ξ₂ line
ρ = 0.98 | x σ_w² linear | y layers linear | area line line rule point | 12 ξ₁ line; 6 ξ₂ line; 12 ξ₂ line
ρ = 0.95 | x σ_w² linear | y layers linear | area line line rule point | 12 ξ₁ line; 6 ξ₂ line; 12 ξ₂ line
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-information-figure-1 > deep-information-figure-1 critical-line 1`] = `
Critical line of tanh: ordered to the left, chaotic to the right
 | x σ_w² linear | y σ_b² linear | area line line rule point | line
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-information-figure-1 > deep-information-figure-1 phase-diagram 1`] = `
Phase diagram: tanh, ρ = 1 (white: no fixed point)
 | x σ_w² | y σ_b² | rect line | critical line χ₁ = 1
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-information-figure-1 > deep-information-figure-1 residuals 1`] = `
tanh, σ_b² = 0.05: maps (lines) and 8 networks of width 5000 (points, ±2 standard errors)
|q − q*| | x layer linear | y residual log | area line line rule point | σ_w² = 0.3 line; σ_w² = 0.3 point; σ_w² = 1 line; σ_w² = 1 point
|c − c*| | x layer linear | y residual log | area line line rule point | σ_w² = 0.3 line; σ_w² = 0.3 point; σ_w² = 1 line; σ_w² = 1 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-information-figure-2 > deep-information-figure-2 depth-scales 1`] = `
Depth scales of tanh (points: fits to 8 networks of width 5000, transient corrected by the map)
ξ_q | x σ_w² linear | y layers log | area line line rule point | σ_b² = 0.01 line; σ_b² = 0.05 line; σ_b² = 0.1 line; σ_b² = 0.2 line; σ_b² = 0.3 line
ξ_c | x σ_w² linear | y layers log | area line line rule point | σ_b² = 0.01 line; σ_b² = 0.05 line; σ_b² = 0.1 line; σ_b² = 0.2 line; σ_b² = 0.3 line; σ_b² = 0.05 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-information-figure-3 > deep-information-figure-3 depth-scales 1`] = `
ξ_c with dropout, tanh, σ_b² = 0.05
 | x σ_w² linear | y ξ_c log | area line line rule point | ρ = 1 line; ρ = 0.99 line; ρ = 0.98 line; ρ = 0.95 line; ρ = 0.9 line; ρ = 0.8 line
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-information-figure-3 > deep-information-figure-3 fixed-points 1`] = `
c* with dropout, tanh, σ_b² = 0.05
 | x σ_w² linear | y c* linear | area line line rule point | ρ = 1 line; ρ = 0.99 line; ρ = 0.98 line; ρ = 0.95 line; ρ = 0.9 line; ρ = 0.8 line
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-information-figure-3 > deep-information-figure-3 scaling 1`] = `
ξ_c at the former critical point: theory (points) and scaling law (lines)
 | x ε log | y ξ_c log | area line line rule point | tanh (−1/2) point; tanh (−1/2) line; ReLU (−1/3) point; ReLU (−1/3) line
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-information-figure-4 > deep-information-figure-4 gradients 1`] = `
Squared gradients, tanh, width 300, 20 networks (dashed: e^(−(L−l)/ξ_∇))
 | x layer linear | y log₁₀ of the mean linear | area line line rule point | σ_w² = 1 point; σ_w² = 1 dashed; σ_w² = 2.5 point; σ_w² = 2.5 dashed
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-information-figure-5 > deep-information-figure-5 map-1 1`] = `
Training accuracy, width 24: synthetic images, ρ = 1, 40 steps
 | x σ_w² | y depth L log | rect line rule point | 6 ξ_c; n ξ_c, n fitted (rows); boundary: accuracy 0.5 of the best (95 %)
`

exports[`test/reproduce/reproduce.test.ts > TAP > deep-information-figure-6 > deep-information-figure-6 maps 1`] = `
Training accuracy with dropout, width 24
synthetic images, ρ = 0.9, 40 steps | x σ_w² | y depth L log | rect line rule point | 6 ξ_c; 12 min(ξ_1, ξ_c); boundary: accuracy 0.5 of the best (95 %)
synthetic images, ρ = 0.8, 40 steps | x σ_w² | y depth L log | rect line rule point | 6 ξ_c; 12 min(ξ_1, ξ_c); boundary: accuracy 0.5 of the best (95 %)
`

exports[`test/reproduce/reproduce.test.ts > TAP > expressivity-figure-1 > expressivity-figure-1 fixed-points 1`] = `
Fixed point q* of tanh
 | x σ_w | y σ_b | rect | 
`

exports[`test/reproduce/reproduce.test.ts > TAP > expressivity-figure-1 > expressivity-figure-1 variance-map 1`] = `
Variance map, tanh, σ_b = 0.3, width 500 (bars: standard deviation)
 | x q linear | y q′ linear | area line line rule point | σ_w = 1.3 line; σ_w = 1.3 point; σ_w = 2.5 line; σ_w = 2.5 point; σ_w = 4 line; σ_w = 4 point; q = q′ dashed
`

exports[`test/reproduce/reproduce.test.ts > TAP > expressivity-figure-2 > expressivity-figure-2 correlation-map 1`] = `
Correlation map at q*, tanh, σ_b = 0.3, width 500 (bars: standard deviation)
 | x c linear | y c′ linear | area line line rule point | σ_w = 1.3 line; σ_w = 1.3 point; σ_w = 2.5 line; σ_w = 2.5 point; σ_w = 4 line; σ_w = 4 point; c = c′ dashed
`

exports[`test/reproduce/reproduce.test.ts > TAP > expressivity-figure-2 > expressivity-figure-2 dynamics 1`] = `
Correlation against layer, width 500, 20 networks (bars: ±2 standard errors)
σ_w = 1.3 | x layer linear | y c linear | area line line rule point | c¹ = 0.2 line; c¹ = 0.2 point; c¹ = 0.5 line; c¹ = 0.5 point; c¹ = 0.8 line; c¹ = 0.8 point
σ_w = 2.5 | x layer linear | y c linear | area line line rule point | c¹ = 0.2 line; c¹ = 0.2 point; c¹ = 0.5 line; c¹ = 0.5 point; c¹ = 0.8 line; c¹ = 0.8 point
σ_w = 4 | x layer linear | y c linear | area line line rule point | c¹ = 0.2 line; c¹ = 0.2 point; c¹ = 0.5 line; c¹ = 0.5 point; c¹ = 0.8 line; c¹ = 0.8 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > expressivity-figures-3-4 > expressivity-figures-3-4 circle 1`] = `
Circle through tanh networks, σ_b = 0.3, width 200, 20 networks (lines: theory)
metric g | x layer linear | y mean over networks log | area line line rule point | σ_w = 1.3 line; σ_w = 1.3 point; σ_w = 2.5 line; σ_w = 2.5 point; σ_w = 4 line; σ_w = 4 point
curvature N κ² | x layer linear | y mean over networks log | area line line rule point | σ_w = 1.3 line; σ_w = 1.3 point; σ_w = 2.5 line; σ_w = 2.5 point; σ_w = 4 line; σ_w = 4 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > gaussian-processes-regression > gaussian-processes-regression learning-curves 1`] = `
Learning curves: kernels of infinite width and trained networks
 | x training images log | y accuracy on other images linear | area line line rule point | NNGP line; NTK line; networks, width 32 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > linear-autoencoders-figure-1 > linear-autoencoders-figure-1 dynamics 1`] = `
Lines: flow; points: descent
s² = 0 | x epoch linear | y mapping linear | area line line rule point | start 1 line; start 1 point; start 2 line; start 2 point; start 3 line; start 3 point; start 4 line; start 4 point; start 5 line; start 5 point; start 6 line; start 6 point; start 7 line; start 7 point; start 8 line; start 8 point; start 9 line; start 9 point; start 10 line; start 10 point
s² = 1 | x epoch linear | y mapping linear | area line line rule point | start 1 line; start 1 point; start 2 line; start 2 point; start 3 line; start 3 point; start 4 line; start 4 point; start 5 line; start 5 point; start 6 line; start 6 point; start 7 line; start 7 point; start 8 line; start 8 point; start 9 line; start 9 point; start 10 line; start 10 point
s² = 5 | x epoch linear | y mapping linear | area line line rule point | start 1 line; start 1 point; start 2 line; start 2 point; start 3 line; start 3 point; start 4 line; start 4 point; start 5 line; start 5 point; start 6 line; start 6 point; start 7 line; start 7 point; start 8 line; start 8 point; start 9 line; start 9 point; start 10 line; start 10 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > linear-autoencoders-figure-1 > linear-autoencoders-figure-1 surface 1`] = `

s² = 0 | x w1 | y w2 | rect line | start 1; start 2; start 3; start 4; start 5; start 6; start 7; start 8; start 9; start 10
s² = 1 | x w1 | y w2 | rect line | start 1; start 2; start 3; start 4; start 5; start 6; start 7; start 8; start 9; start 10
s² = 5 | x w1 | y w2 | rect line | start 1; start 2; start 3; start 4; start 5; start 6; start 7; start 8; start 9; start 10
`

exports[`test/reproduce/reproduce.test.ts > TAP > linear-autoencoders-figure-2 > linear-autoencoders-figure-2 mappings 1`] = `

ν = 2.5, noise | x epoch linear | y mapping over its final value linear | area line line rule point | 0 line; 0.2 line; 0.4 line; 0.6 line; 0.8 line; 1 line; 1.2 line; 1.4 line; 1.6 line; 1.8 line
ν = 2.5, decay | x epoch linear | y mapping over its final value linear | area line line rule point | 0 line; 0.2 line; 0.4 line; 0.6 line; 0.8 line; 1 line; 1.2 line; 1.4 line; 1.6 line; 1.8 line
ν = 1, noise | x epoch linear | y mapping over its final value linear | area line line rule point | 0 line; 0.2 line; 0.4 line; 0.6 line; 0.8 line; 1 line; 1.2 line; 1.4 line; 1.6 line; 1.8 line
ν = 1, decay | x epoch linear | y mapping over its final value linear | area line line rule point | 0 line; 0.2 line; 0.4 line; 0.6 line; 0.8 line; 1 line; 1.2 line; 1.4 line; 1.6 line; 1.8 line
ν = 0.5, noise | x epoch linear | y mapping over its final value linear | area line line rule point | 0 line; 0.2 line; 0.4 line; 0.6 line; 0.8 line; 1 line; 1.2 line; 1.4 line; 1.6 line; 1.8 line
ν = 0.5, decay | x epoch linear | y mapping over its final value linear | area line line rule point | 0 line; 0.2 line; 0.4 line; 0.6 line; 0.8 line; 1 line; 1.2 line; 1.4 line; 1.6 line; 1.8 line
`

exports[`test/reproduce/reproduce.test.ts > TAP > linear-autoencoders-figure-3 > linear-autoencoders-figure-3 difference 1`] = `

as published | x epoch linear | y mapping with noise − with decay linear | area line line rule point | 0.2 line; 0.4 line; 0.6 line; 1 line; 1.8 line
one convention | x epoch linear | y mapping with noise − with decay linear | area line line rule point | 0.2 line; 0.4 line; 0.6 line; 1 line; 1.8 line
`

exports[`test/reproduce/reproduce.test.ts > TAP > linear-autoencoders-figure-3 > linear-autoencoders-figure-3 mappings 1`] = `

noise | x epoch linear | y mapping linear | area line line rule point | 0.2 line; 0.4 line; 0.6 line; 1 line; 1.8 line
decay | x epoch linear | y mapping linear | area line line rule point | 0.2 line; 0.4 line; 0.6 line; 1 line; 1.8 line
`

exports[`test/reproduce/reproduce.test.ts > TAP > linear-autoencoders-figure-3 > linear-autoencoders-figure-3 rates 1`] = `

 | x s² linear | y learning rate linear | area line line rule point | noise line; matched decay line
`

exports[`test/reproduce/reproduce.test.ts > TAP > linear-autoencoders-figure-4 > linear-autoencoders-figure-4 norms 1`] = `

noise | x epoch linear | y norm linear | area line line rule point | start 0 line; start 1 line; start 2 line; start 3 line; start 4 line; start 5 line; start 6 line; start 7 line; start 8 line; start 9 line; start 10 line
decay | x epoch linear | y norm linear | area line line rule point | start 0 line; start 1 line; start 2 line; start 3 line; start 4 line; start 5 line; start 6 line; start 7 line; start 8 line; start 9 line; start 10 line
`

exports[`test/reproduce/reproduce.test.ts > TAP > linear-autoencoders-figure-5 > linear-autoencoders-figure-5 mnist 1`] = `
synthetic images
neither | x epoch linear | y mapping linear | area line line rule point | mode 0 line; mode 0 point; mode 3 line; mode 3 point; mode 7 line; mode 7 point; mode 15 line; mode 15 point; mode 31 line; mode 31 point
decay | x epoch linear | y mapping linear | area line line rule point | mode 0 line; mode 0 point; mode 3 line; mode 3 point; mode 7 line; mode 7 point; mode 15 line; mode 15 point; mode 31 line; mode 31 point
noise | x epoch linear | y mapping linear | area line line rule point | mode 0 line; mode 0 point; mode 3 line; mode 3 point; mode 7 line; mode 7 point; mode 15 line; mode 15 point; mode 31 line; mode 31 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > linear-autoencoders-figure-6 > linear-autoencoders-figure-6 mnist 1`] = `
synthetic images
neither | x epoch linear | y mapping linear | area line line rule point | mode 0 line; mode 1 line; mode 2 line; mode 3 line
decay | x epoch linear | y mapping linear | area line line rule point | mode 0 line; mode 1 line; mode 2 line; mode 3 line
noise | x epoch linear | y mapping linear | area line line rule point | mode 0 line; mode 1 line; mode 2 line; mode 3 line
`

exports[`test/reproduce/reproduce.test.ts > TAP > percolation-critical-collapse > percolation-critical-collapse collapse 1`] = `
Critical window of dropconnect
L = 1 √W | x a = (W b − 1) √W linear | y path probability θ linear | area line line rule point | W = 64 line; W = 256 line; W = 1024 line
L = 2 √W | x a = (W b − 1) √W linear | y path probability θ linear | area line line rule point | W = 64 line; W = 256 line; W = 1024 line
L = 4 √W | x a = (W b − 1) √W linear | y path probability θ linear | area line line rule point | W = 64 line; W = 256 line; W = 1024 line
`

exports[`test/reproduce/reproduce.test.ts > TAP > percolation-path-curves > percolation-path-curves curves 1`] = `
Probability that a path survives
dropout, L = 1 | x drop probability linear | y path probability θ linear | area line line rule point | W = 2 line; W = 2 point; W = 4 line; W = 4 point; W = 8 line; W = 8 point; W = 16 line; W = 16 point; W = 32 line; W = 32 point
dropout, L = 10 | x drop probability linear | y path probability θ linear | area line line rule point | W = 2 line; W = 2 point; W = 4 line; W = 4 point; W = 8 line; W = 8 point; W = 16 line; W = 16 point; W = 32 line; W = 32 point
dropout, L = 100 | x drop probability linear | y path probability θ linear | area line line rule point | W = 2 line; W = 2 point; W = 4 line; W = 4 point; W = 8 line; W = 8 point; W = 16 line; W = 16 point; W = 32 line; W = 32 point
dropconnect, L = 1 | x drop probability linear | y path probability θ linear | area line line rule point | W = 2 line; W = 2 point; W = 4 line; W = 4 point; W = 8 line; W = 8 point; W = 16 line; W = 16 point; W = 32 line; W = 32 point
dropconnect, L = 10 | x drop probability linear | y path probability θ linear | area line line rule point | W = 2 line; W = 2 point; W = 4 line; W = 4 point; W = 8 line; W = 8 point; W = 16 line; W = 16 point; W = 32 line; W = 32 point
dropconnect, L = 100 | x drop probability linear | y path probability θ linear | area line line rule point | W = 2 line; W = 2 point; W = 4 line; W = 4 point; W = 8 line; W = 8 point; W = 16 line; W = 16 point; W = 32 line; W = 32 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > percolation-three-arms > percolation-three-arms accuracy 1`] = `
Test accuracy after training (synthetic, W = 8, ± 2 standard errors)
keep 0.3 | x depth L log | y test accuracy linear | area line line rule point | plain dropout point; plain dropout line; path-conditioned point; path-conditioned line; T/θ steps point; T/θ steps line; no dropout point; no dropout line
keep 0.5 | x depth L log | y test accuracy linear | area line line rule point | plain dropout point; plain dropout line; path-conditioned point; path-conditioned line; T/θ steps point; T/θ steps line; no dropout point; no dropout line
`

exports[`test/reproduce/reproduce.test.ts > TAP > percolation-three-arms > percolation-three-arms effects 1`] = `
What costs loss (synthetic, W = 8, ± 2 standard errors)
keep 0.3 | x depth L log | y difference of test losses linear | area line line rule point | paths point; paths line; lost steps point; lost steps line; decay, noise point; decay, noise line
keep 0.5 | x depth L log | y difference of test losses linear | area line line rule point | paths point; paths line; lost steps point; lost steps line; decay, noise point; decay, noise line
`

exports[`test/reproduce/reproduce.test.ts > TAP > percolation-three-arms > percolation-three-arms loss 1`] = `
Test loss after training (synthetic, W = 8, ± 2 standard errors)
keep 0.3 | x depth L log | y test loss linear | area line line rule point | plain dropout point; plain dropout line; path-conditioned point; path-conditioned line; T/θ steps point; T/θ steps line; no dropout point; no dropout line
keep 0.5 | x depth L log | y test loss linear | area line line rule point | plain dropout point; plain dropout line; path-conditioned point; path-conditioned line; T/θ steps point; T/θ steps line; no dropout point; no dropout line
`

exports[`test/reproduce/reproduce.test.ts > TAP > percolation-three-arms > percolation-three-arms steps 1`] = `
Test loss against steps with a path (synthetic, W = 8)
keep 0.3 | x steps with a path linear | y test loss linear | area line line rule point | plain dropout point; path-conditioned point; T/θ steps point
keep 0.5 | x steps with a path linear | y test loss linear | area line line rule point | plain dropout point; path-conditioned point; T/θ steps point
`

exports[`test/reproduce/reproduce.test.ts > TAP > percolation-zero-gradients > percolation-zero-gradients share 1`] = `
Training steps with a gradient of exactly zero (W = 8, keep 0.3)
 | x depth L log | y share of steps linear | area line line rule point | trained steps point; theory line
`

exports[`test/reproduce/reproduce.test.ts > TAP > recurrent-back-propagation-documents > recurrent-back-propagation-documents losses 1`] = `
Training loss of a graph network run to rest (synthetic)
 | x epoch linear | y cross-entropy of the training nodes linear | area line line rule point | Neumann, 5 products line; back-propagation through 5 updates line; conjugate gradient, 5 iterations line; original RBP, 5 steps line
`

exports[`test/reproduce/reproduce.test.ts > TAP > recurrent-back-propagation-memory > recurrent-back-propagation-memory losses 1`] = `
An associative memory of ten images (synthetic images)
 | x update linear | y mean absolute error linear | area line line rule point | Neumann series to 1e-10 line
`

exports[`test/reproduce/reproduce.test.ts > TAP > recurrent-back-propagation-memory > recurrent-back-propagation-memory solvers 1`] = `
Error of the adjoint of a trained memory (synthetic images)
 | x products (conjugate gradient: iterations) linear | y |z − z_k|/|z| log | area line line rule point | Neumann series line; original RBP, uniform start line; conjugate gradient on the normal equations line; symmetric conjugate gradient line; GMRES line
`

exports[`test/reproduce/reproduce.test.ts > TAP > recurrent-forget-bias > recurrent-forget-bias accuracy 1`] = `
A digit, then noise (synthetic images): median accuracy over the bias of the gate that keeps
 | x mean of the bias linear | y test accuracy linear | area line line rule point | T = 4 line; T = 4 point; T = 8 line; T = 8 point; T = 4, advised point; T = 8, advised point
`

exports[`test/reproduce/reproduce.test.ts > TAP > recurrent-table-1 > recurrent-table-1 perplexity 1`] = `
Test perplexity over the words read (a made-up text)
 | x words read linear | y perplexity log | area line line rule point | vanilla line; vanilla point; gru line; gru point; lstm line; lstm point; single words dashed; pairs of words dashed
`

exports[`test/reproduce/reproduce.test.ts > TAP > recurrent-trainability > recurrent-trainability accuracy 1`] = `
A digit, then noise (synthetic images): accuracy; dashed, τ of the untied theory
minimal | x length T log | y test accuracy linear | area line line rule point | μ_b = -2 point; μ_b = -2 line; μ_b = 6 point; μ_b = 6 line
vanilla | x length T log | y test accuracy linear | area line line rule point | σ_w = 1.05 point; σ_w = 1.05 line
`

exports[`test/reproduce/reproduce.test.ts > TAP > residual-growth-laws > residual-growth-laws diagram 1`] = `
Growth of gradients and activations, all variances 1 (darker: larger exponent)
tanh: χ_0/χ_l | x  | y  |  | 
tanh: p_l | x  | y  |  | 
relu: χ_0/χ_l | x  | y  |  | 
relu: p_l | x  | y  |  | 
`

exports[`test/reproduce/reproduce.test.ts > TAP > residual-growth-laws > residual-growth-laws exponents 1`] = `
Growth exponents: fits to recurrences of depth 100 000 against the theory
relu: χ_0/χ_l | x exponent in theory linear | y fitted exponent linear | area line line rule point | theory line; fitted: stretchedExponential point; fitted: power point
relu: p_l | x exponent in theory linear | y fitted exponent linear | area line line rule point | theory line; fitted: stretchedExponential point; fitted: power point
tanh: χ_0/χ_l | x exponent in theory linear | y fitted exponent linear | area line line rule point | theory line; fitted: stretchedExponential point; fitted: power point
tanh: p_l | x exponent in theory linear | y fitted exponent linear | area line line rule point | theory line; fitted: power point
`

exports[`test/reproduce/reproduce.test.ts > TAP > residual-mnist-relu > residual-mnist-relu heat-maps 1`] = `
Accuracy on synthetic images, width 16, 20 steps (white: does not train)
zig: β_w = β_b, β_v = β_a = 0 | x β | y depth L log | rect line | log p = 4; log p = 8; log χ_v ratio = 2
zag: β_a, β_v = 0, β_w = β_b = 2 | x β | y depth L log | rect line | log χ_v ratio = 2; log χ_v ratio = 5
`

exports[`test/reproduce/reproduce.test.ts > TAP > residual-mnist-tanh > residual-mnist-tanh heat-maps 1`] = `
Accuracy on synthetic images, width 16, 20 steps (white: does not train)
(a) all β equal | x β | y depth L log | rect line | log χ_w ratio = 1; log s = 0; log s = 1
(b) β_v = β_w, β_a = β_b = 1 | x β | y depth L log | rect line | log χ_w ratio = 1; log χ_w ratio = 2; log s = 0; log s = 1
(c) β_w = β_b, β_v = β_a = 1 | x β | y depth L log | rect line | log χ_w ratio = 1; log χ_w ratio = 2; log s = 0
`

exports[`test/reproduce/reproduce.test.ts > TAP > residual-mnist-weights > residual-mnist-weights heat-map 1`] = `
Accuracy on synthetic images, tanh, width 16, 20 steps (white: does not train)
 | x log₂ σ_w² | y depth L log | rect line | log χ_0/χ_L = 2; log χ_0/χ_L = 4; log s = 0; log s = 2
`

exports[`test/reproduce/reproduce.test.ts > TAP > residual-width-variation > residual-width-variation profiles 1`] = `
Width variation: theory (lines), networks (points, ± one standard deviation)
p_l | x layer linear | y linear | area line line rule point | widths of the spec line; widths of the spec point; constant width line; constant width point
e_l | x layer linear | y linear | area line line rule point | widths of the spec line; widths of the spec point; constant width line; constant width point
χ_l/χ_L per coordinate | x layer linear | y linear | area line line rule point | widths of the spec line; widths of the spec point; constant width line; constant width point
|∂E/∂x_l|² total | x layer linear | y linear | area line line rule point | widths of the spec line; widths of the spec point; constant width line; constant width point
`

exports[`test/reproduce/reproduce.test.ts > TAP > weight-laws-normalized-kernels > weight-laws-normalized-kernels slope-0 1`] = `
Normalised kernels, slope 0
behind 1 hidden layer | x angle of the inputs (laws side by side) linear | y cosine linear | area line line rule point | theory line; gaussian point; uniform point; laplace point; generalised Gaussian 1.5 point; multivariate t, ν = 24 point; multivariate t, ν = 2.5 point
behind 4 hidden layers | x angle of the inputs (laws side by side) linear | y cosine linear | area line line rule point | theory line; gaussian point; uniform point; laplace point; generalised Gaussian 1.5 point; multivariate t, ν = 24 point; multivariate t, ν = 2.5 point
behind 16 hidden layers | x angle of the inputs (laws side by side) linear | y cosine linear | area line line rule point | theory line; gaussian point; uniform point; laplace point; generalised Gaussian 1.5 point; multivariate t, ν = 24 point; multivariate t, ν = 2.5 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > weight-laws-normalized-kernels > weight-laws-normalized-kernels slope-0.2 1`] = `
Normalised kernels, slope 0.2
behind 1 hidden layer | x angle of the inputs (laws side by side) linear | y cosine linear | area line line rule point | theory line; gaussian point; uniform point; laplace point; generalised Gaussian 1.5 point; multivariate t, ν = 24 point; multivariate t, ν = 2.5 point
behind 4 hidden layers | x angle of the inputs (laws side by side) linear | y cosine linear | area line line rule point | theory line; gaussian point; uniform point; laplace point; generalised Gaussian 1.5 point; multivariate t, ν = 24 point; multivariate t, ν = 2.5 point
behind 16 hidden layers | x angle of the inputs (laws side by side) linear | y cosine linear | area line line rule point | theory line; gaussian point; uniform point; laplace point; generalised Gaussian 1.5 point; multivariate t, ν = 24 point; multivariate t, ν = 2.5 point
`

exports[`test/reproduce/reproduce.test.ts > TAP > weight-laws-real-data > weight-laws-real-data condition 1`] = `
Condition on the inputs
 | x dimension of the images log | y mean and deviation over images log | area line line rule point | max|x|/|x| line; d^(1/4) max|x|/|x| line; Σ|x|³/|x|³ line
`

exports[`test/reproduce/reproduce.test.ts > TAP > weight-laws-real-data > weight-laws-real-data universality 1`] = `
What the law of the weights changes
synthetic images, laplace | x predicted (k − k_Gauss)/√(k_xx k_yy) linear | y measured linear | area line line rule point | predicted dashed; 16 components point; 49 components point; 196 components point; 784 components point
synthetic images, sparse, density 0.3 | x predicted (k − k_Gauss)/√(k_xx k_yy) linear | y measured linear | area line line rule point | predicted dashed; 16 components point; 49 components point; 196 components point; 784 components point
`
