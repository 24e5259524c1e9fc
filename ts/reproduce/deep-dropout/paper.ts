// What the figures of the deep dropout paper share.
export const paper = 'Huang, Xu, Du, Zeng, Zhao: Mean field theory for deep dropout networks (ECAI 2020)';

/** Where its numbers come from. */
export const sources = {
  equation: 'equation of the paper, value derived',
  caption: 'caption and code of the paper',
  data: "fit to the paper's result files",
  derived: 'derived',
  question: 'our reading of the published maps',
} as const;
