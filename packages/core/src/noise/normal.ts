/** A random 32-bit word as a number in (0, 1): the middle of its 2⁻³² wide cell, so that neither end is reached. */
export function uniformFromWord(word: number): number {
  return (word + 0.5) / 4294967296;
}

// Wichura's coefficients, the highest power first: near the middle in 0.180625 − q², in the tails in √(−log p) − 1.6.
const MIDDLE_NUMERATOR = [
  2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946,
  1971.5909503065513, 133.14166789178438, 3.3871328727963665,
];
const MIDDLE_DENOMINATOR = [
  5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751,
  687.1870074920579, 42.31333070160091, 1,
];
const TAIL_NUMERATOR = [
  0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
  5.769497221460691, 4.630337846156546, 1.4234371107496835,
];
const TAIL_DENOMINATOR = [
  1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
  1.6763848301838038, 2.053191626637759, 1,
];

/**
 * A random 32-bit word as a standard normal number: the inverse of the normal distribution function at
 * {@link uniformFromWord}, by Wichura's rational approximations (algorithm AS 241, PPND16; relative error about 1e-16).
 * Largest magnitude: 6.34.
 *
 * Made of + − × ÷ and √ only, which IEEE 754 defines to the last bit: `Math.log` and its kin may differ between engines.
 */
export function normalFromWord(word: number): number {
  const probability = uniformFromWord(word);
  const q = probability - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(MIDDLE_NUMERATOR, r)) / polynomial(MIDDLE_DENOMINATOR, r);
  }
  // The algorithm's third range begins at √(−log p) > 5, p < 1.4e-11: below 2⁻³³, the smallest p a word can give.
  const r = Math.sqrt(-logarithm(q < 0 ? probability : 1 - probability)) - 1.6;
  const tail = polynomial(TAIL_NUMERATOR, r) / polynomial(TAIL_DENOMINATOR, r);
  return q < 0 ? -tail : tail;
}

function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (let i = 0; i < coefficients.length; i++) value = value * x + coefficients[i]!;
  return value;
}

/** log x for 0 < x < 1: x = m·2⁻ᵉ with m in [√½, √2), log m = 2·artanh((m − 1)/(m + 1)) by its series. */
function logarithm(x: number): number {
  let mantissa = x;
  let exponent = 0;
  for (; mantissa < Math.SQRT1_2; mantissa *= 2) exponent++;
  const s = (mantissa - 1) / (mantissa + 1);
  let series = 0;
  // s² ≤ 0.0295, so the first term left out is below 2⁻⁵⁶.
  for (let k = 21; k > 0; k -= 2) series = series * s * s + 1 / k;
  return 2 * s * series - exponent * Math.LN2;
}
