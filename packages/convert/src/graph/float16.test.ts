import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16, toFloat16Bits } from './float16.js';

const everyPattern = Uint16Array.from({ length: 65536 }, (_, bits) => bits);

/** A half float's value straight from the definition. */
function halfValue(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}

describe('half floats', () => {
  it('widen to exactly the value that their bits stand for, all 65536 of them', () => {
    const values = float16ToFloat32(everyPattern);
    expect([...everyPattern].filter((bits) => !Object.is(values[bits], halfValue(bits)))).toEqual([]);
  });

  it('come back unchanged after widening, but for the payload of a NaN', () => {
    const values = float16ToFloat32(everyPattern);
    const changed = [...everyPattern].filter((bits) => {
      const back = toFloat16Bits(values[bits]!);
      return Number.isNaN(values[bits]) ? (back & 0x7fff) !== 0x7e00 : back !== bits;
    });
    expect(changed).toEqual([]);
  });

  it('are the nearest to a float32, and even where two are as near', () => {
    // The half-way points between neighbours and the float32 values next to them, over the whole range.
    const wrong: number[] = [];
    for (let bits = 0; bits < 0x7bff; bits++) {
      const middle = (halfValue(bits) + halfValue(bits + 1)) / 2;
      const even = bits + (bits % 2);
      const right =
        toFloat16Bits(middle) === even &&
        toFloat16Bits(-middle) === (0x8000 | even) &&
        toFloat16Bits(neighbour(middle, -1)) === bits &&
        toFloat16Bits(neighbour(middle, 1)) === bits + 1;
      if (!right) wrong.push(bits);
    }
    expect(wrong).toEqual([]);
  });

  it('never err by more than half a unit in the last place', () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const unit = Math.max(2 ** -24, 2 ** (Math.floor(Math.log2(Math.abs(value) || 1e-30)) - 10));
        expect(Math.abs(halfValue(toFloat16Bits(value)) - value)).toBeLessThanOrEqual(unit / 2);
      }),
    );
  });

  it('refuse a tensor with a finite value that rounds beyond 65504, and keep infinities', () => {
    expect(float32ToFloat16(Float32Array.of(1, 65519.99))).toEqual(Uint16Array.of(0x3c00, 0x7bff));
    expect(float32ToFloat16(Float32Array.of(1, 65520))).toBeUndefined();
    expect(float32ToFloat16(Float32Array.of(-1e30))).toBeUndefined();
    expect(float32ToFloat16(Float32Array.of(Number.NEGATIVE_INFINITY))).toEqual(Uint16Array.of(0xfc00));
  });
});

describe('bfloat16', () => {
  it('is the upper half of the float32 with the same value', () => {
    expect([...bfloat16ToFloat32(Uint16Array.of(0x3f80, 0xc049, 0x0001, 0xff80))]).toEqual([
      1,
      -3.140625,
      2 ** -133,
      Number.NEGATIVE_INFINITY,
    ]);
  });
});

function neighbour(value: number, direction: 1 | -1): number {
  const float = Float32Array.of(value);
  new Uint32Array(float.buffer)[0]! += direction;
  return float[0]!;
}
