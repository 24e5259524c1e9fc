/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/systems/feedforward/figures.test.ts > TAP > correlationMap > correlationMap 1`] = `
Correlation map at q* = 0.550163: tanh, σ_w² = 1.4, σ_b² = 0.1, ρ = 0.9
 | x c linear | y c′ linear | area line line rule point | theory line; c = c′ dashed; c* = 0.645143 point; simulation, width 200 point
`

exports[`test/systems/feedforward/figures.test.ts > TAP > depthScales > depthScales 1`] = `
Depth scales: tanh, σ_b² = 0.1, ρ = 0.9
 | x σ_w² linear | y layers log | area line line rule point | ξ_q line; ξ_c line; |ξ_∇| line
`

exports[`test/systems/feedforward/figures.test.ts > TAP > gradientProfile > gradientProfile 1`] = `
Mean squared gradients, width 200, 6 networks
 | x layer linear | y log₁₀ of the mean linear | area line line rule point | one input line; one input point; pair, absolute line; pair, absolute point; pair (magnitude) line; pair (magnitude) point; slope −log χ₁ dashed
`

exports[`test/systems/feedforward/figures.test.ts > TAP > phaseDiagram > phaseDiagram 1`] = `
Phase diagram: tanh, ρ = 0.9 (white: no fixed point)
 | x σ_w² | y σ_b² | rect line | critical line χ₁ = 1
`

exports[`test/systems/feedforward/figures.test.ts > TAP > profile > profile 1`] = `
Width 200, 6 networks
variance | x layer | y  | rule point line | input 0; input 1
correlation | x layer | y  | rule point line | 
errorNorm | x layer | y log errorNorm | rule point line | input 0; input 1
gradientSingle | x layer | y log gradientSingle | rule point line | input 0; input 1
gradientPair | x layer | y log gradientPair | rule point line | 
gradientPairAbsolute | x layer | y log gradientPairAbsolute | rule point line | 
`

exports[`test/systems/feedforward/figures.test.ts > TAP > varianceMap > varianceMap 1`] = `
Variance map: tanh, σ_w² = 1.4, σ_b² = 0.1, ρ = 0.9
 | x q linear | y q′ linear | area line line rule point | ρ = 0.9 line; ρ = 1 line; q = q′ dashed; fixed point point; simulation, width 200 point
`
