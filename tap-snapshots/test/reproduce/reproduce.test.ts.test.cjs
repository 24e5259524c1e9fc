/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/reproduce/reproduce.test.ts > TAP > weight-laws-normalized-kernels > weight-laws-normalized-kernels slope-0 1`] = `
Normalised kernels, slope 0
 | x angle of the inputs linear | y cosine linear | area line line rule point | theory, 1 layers line; gaussian point; uniform point; laplace point; generalised Gaussian 1.5 point; multivariate t, ν = 24 point; multivariate t, ν = 2.5 point; theory, 4 layers line; theory, 16 layers line
`

exports[`test/reproduce/reproduce.test.ts > TAP > weight-laws-normalized-kernels > weight-laws-normalized-kernels slope-0.2 1`] = `
Normalised kernels, slope 0.2
 | x angle of the inputs linear | y cosine linear | area line line rule point | theory, 1 layers line; gaussian point; uniform point; laplace point; generalised Gaussian 1.5 point; multivariate t, ν = 24 point; multivariate t, ν = 2.5 point; theory, 4 layers line; theory, 16 layers line
`
