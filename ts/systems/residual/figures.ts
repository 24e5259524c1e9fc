// Figures of system `residual`.
import type { SystemFigure } from '../../core/system.js';

export const figures: Readonly<Record<string, SystemFigure>> = {};
