// What the reproductions of the two papers on residual networks share.
export const paper =
  'Yang, Schoenholz: Deep mean field theory: layerwise variance and width variation (ICLR 2018 workshop)';

export const sources = {
  theorem: 'theorem of the paper, value derived',
  caption: 'caption and section 6; values derived',
  statement: 'statement of the paper',
  derived: 'derived',
} as const;

/** All variances 1, as in every figure of the paper. */
export const variances = {
  innerWeightVariance: 1,
  innerBiasVariance: 1,
  outerWeightVariance: 1,
  outerBiasVariance: 1,
} as const;
