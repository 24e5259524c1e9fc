// CSV as RFC 4180 has it, with cells that no spreadsheet takes for a formula.
import type { Cell } from './table.js';

/**
 * A cell's text. Numbers keep every digit (shortest text that reads back exactly). A text that a spreadsheet would run
 * (starting with = + - @, a tab or a carriage return) gets a leading apostrophe.
 */
export function csvCell(value: Cell | undefined): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const safe = /^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value;
  return /[",\r\n;\t]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvLine(cells: readonly (Cell | undefined)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}
