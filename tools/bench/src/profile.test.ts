import { expect, test } from 'vitest';
import { timeByOperator } from './profile.js';

test('kernel times are added up by operator, and nothing else is', () => {
  const node = (op_name: string, dur: number, name = `x:${op_name}_kernel_time`) => ({
    cat: 'Node',
    name,
    dur,
    args: { op_name },
  });
  const events = [
    { cat: 'Session', name: 'model_run', dur: 9000 },
    node('MatMul', 1000),
    node('Add', 500),
    node('MatMul', 2000),
    node('MatMul', 4000, 'x:MatMul_fence_before'),
  ];
  expect(timeByOperator(events)).toEqual([
    { operator: 'MatMul', calls: 2, milliseconds: 3 },
    { operator: 'Add', calls: 1, milliseconds: 0.5 },
  ]);
});
