// What the figures of "Deep information propagation" share.
export const paper = 'Schoenholz, Gilmer, Ganguli, Sohl-Dickstein: Deep information propagation (ICLR 2017)';

/** Where its numbers come from. The figures themselves print no numbers: those below are values of the paper's equations. */
export const sources = {
  equation: 'equation of the paper, value derived',
  statement: 'statement of the paper',
  derived: 'derived',
} as const;
