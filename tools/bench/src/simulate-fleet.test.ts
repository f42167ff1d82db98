import { expect, it } from 'vitest';
import { type FleetModel, simulateFleet } from './simulate-fleet.js';

const PLAIN: FleetModel = {
  ...{ machines: 10, pictures: 1000, picturesPerShard: 10, pictureSeconds: 1, speedSpread: 0 },
  ...{ stragglers: { part: 0, factor: 1 }, meanLifeSeconds: Number.POSITIVE_INFINITY },
  ...{ replacementSeconds: 0, startSeconds: 5, lostAfterSeconds: 30 },
};

it('equal machines that live for ever share the work evenly', () => {
  expect(simulateFleet(PLAIN)).toMatchObject({ seconds: 105, losses: 0, redrawn: 0, tailSeconds: 10 });
  expect(simulateFleet({ ...PLAIN, machines: 1 }).seconds).toBe(1005);
});

it('a slow machine costs no more than its last shard', () => {
  const stragglers = { part: 0.3, factor: 5 };
  const { seconds } = simulateFleet({ ...PLAIN, stragglers, speedSpread: 0.1 }, 3);
  expect(seconds).toBeGreaterThan(105);
  expect(seconds).toBeLessThan(1000);
});

it('lost machines cost what they had drawn of a shard, and the work ends all the same', () => {
  const lossy = { ...PLAIN, meanLifeSeconds: 60, replacementSeconds: 10 };
  const { losses, redrawn, seconds } = simulateFleet(lossy);
  expect(losses).toBeGreaterThan(10);
  // A machine is lost within a shard, in its middle in the mean, or while it starts.
  expect(redrawn).toBeGreaterThan((losses * 2) / 1000);
  expect(redrawn).toBeLessThan((losses * 6) / 1000);
  expect(seconds).toBeGreaterThan(105);
  expect(simulateFleet(lossy)).toEqual({ ...simulateFleet(lossy) });
});
