// Decimals of bounds: never below the number they show.

/** The smallest decimal of so many significant digits that is not below `value`, for value > 0. */
export function roundedUp(value: number, digits: number): string {
  const nearest = value.toPrecision(digits);
  if (Number(nearest) >= value) return nearest;
  const place = 10 ** (Math.floor(Math.log10(value)) + 1 - digits);
  return (value + place).toPrecision(digits);
}
