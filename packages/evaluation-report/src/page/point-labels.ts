/** A point of a plot that is to have its name beside it. */
export interface LabelledPoint {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  /** Where its interval ends. */
  readonly top: number;
  readonly bottom: number;
}

/** Where a name begins, or ends, and the middle of its height. */
export interface PlacedLabel {
  readonly x: number;
  readonly middle: number;
  readonly anchor: 'start' | 'end';
}

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A letter's width and a line's height in the plots' type, about. */
const LETTER = 7.6;
const LINE = 16;
/** Between a point's disc and its name. */
const GAP = 5;
/** How far a name may be moved up or down from its point, least first. */
const SHIFTS = Array.from({ length: 25 }, (_, i) => (i % 2 === 1 ? 4 * (i + 1) : -4 * i));

/**
 * Names beside their points, right of them or else left, moved up or down as little as keeps them off each other, off
 * the points and off the intervals. Where there is no such place, a name stands where it would stand alone.
 *
 * @param radius of the points
 * @param frame what names stay within
 */
export function placeLabels(points: readonly LabelledPoint[], radius: number, frame: Box): PlacedLabel[] {
  const taken = points.flatMap(({ x, y, top, bottom }): Box[] => [
    { left: x - radius, right: x + radius, top: y - radius, bottom: y + radius },
    { left: x - 2, right: x + 2, top, bottom },
  ]);
  return points.map(({ name, x, y }) => {
    const length = name.length * LETTER;
    const places = SHIFTS.flatMap((shift): PlacedLabel[] => [
      { x: x + radius + GAP, middle: y + shift, anchor: 'start' },
      { x: x - radius - GAP, middle: y + shift, anchor: 'end' },
    ]).filter((place) => isWithin(frame, boxOf(place, length)));
    const free = places.find((place) => taken.every((each) => !overlap(each, boxOf(place, length))));
    const chosen: PlacedLabel = free ?? places[0] ?? { x: frame.right, middle: y, anchor: 'end' };
    taken.push(boxOf(chosen, length));
    return chosen;
  });
}

function boxOf({ x, middle, anchor }: PlacedLabel, length: number): Box {
  const left = anchor === 'start' ? x : x - length;
  return { left, right: left + length, top: middle - LINE / 2, bottom: middle + LINE / 2 };
}

function isWithin(frame: Box, { left, right, top, bottom }: Box): boolean {
  return left >= frame.left && right <= frame.right && top >= frame.top && bottom <= frame.bottom;
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
