/** Numbers with a fixed count of decimals, as Python rounds them. @module */

/** Most decimals that JavaScript writes: what lies behind them decides nothing. */
const most = 100;

/**
 * A number from 0 with so many decimals. Its exact value counts, and halves go to the even digit,
 * where JavaScript takes the larger one.
 */
export function fixed(number: number, digits: number): string {
  const places = Math.min(digits, most);
  const text = number.toFixed(places);
  const exact = number.toFixed(most);
  const rest = exact.slice(exact.indexOf(".") + 1 + places);
  const isHalf = /^50*$/.test(rest);
  if (!isHalf || !/[13579]$/.test(text)) return text;
  // The digits that the exact value has are even where the rounded ones are not.
  return places === 0 ? exact.slice(0, exact.indexOf(".")) : exact.slice(0, -rest.length);
}
