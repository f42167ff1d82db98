export interface PolicyExample {
  readonly title: string;
  readonly source: string;
}

/** What the editor starts with. Each is a module that runs as it is on Node as well. */
export const EXAMPLES: readonly PolicyExample[] = [
  {
    title: 'Rows from the top',
    source: `import { plannedPolicy, stepPlan } from '@tessera/core';

// One row of tokens a step. Later rows know more of the picture,
// so they get by with fewer diffusion steps.
export default plannedPolicy('rows', function* ({ shape }) {
  const { height, width } = shape;
  for (let row = 0; row < height; row++) {
    const positions = Array.from({ length: width }, (_, column) => row * width + column);
    const diffusionSteps = Math.round(50 - (30 * row) / height);
    yield stepPlan('rows', positions, diffusionSteps);
  }
});
`,
  },
  {
    title: 'Spiral',
    source: `import { evenMaskSchedule, orderedPolicy } from '@tessera/core';

// Along the edge and inwards, in 24 steps of about as many tokens each.
function spiral({ height, width }) {
  const order = [];
  const seen = new Set();
  let [row, column, down, right] = [0, 0, 0, 1];
  while (order.length < height * width) {
    order.push(row * width + column);
    seen.add(row * width + column);
    const free = (r, c) => r >= 0 && r < height && c >= 0 && c < width && !seen.has(r * width + c);
    if (!free(row + down, column + right)) [down, right] = [right, -down];
    row += down;
    column += right;
  }
  return order;
}

export default orderedPolicy({
  name: 'spiral',
  order: ({ shape }) => spiral(shape),
  steps: 24,
  maskSchedule: evenMaskSchedule,
  diffusionSteps: 40,
});
`,
  },
  {
    title: 'From the centre outwards',
    source: `import { inStage, plannedPolicy, refine, stepPlan } from '@tessera/core';
import { frequencyWeighted } from '@tessera/fts';

// Rings around the centre. The outer half is drawn in few diffusion steps,
// but for the tokens with the most detail.
const rings = plannedPolicy('centre', function* ({ shape }) {
  const { height, width } = shape;
  const ringOf = (position) => {
    const row = Math.floor(position / width) - (height - 1) / 2;
    const column = (position % width) - (width - 1) / 2;
    return Math.floor(Math.hypot(row, column));
  };
  const positions = [...Array(height * width).keys()];
  const last = Math.max(...positions.map(ringOf));
  for (let ring = 0; ring <= last; ring++) {
    const inner = ring <= last / 2;
    const members = positions.filter((position) => ringOf(position) === ring);
    if (members.length > 0) yield stepPlan(inner ? 'inner' : 'outer', members, inner ? 50 : 20);
  }
});

export default refine(rings, inStage('outer', frequencyWeighted({ ratio: 0.1 })));
`,
  },
];
