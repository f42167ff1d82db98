import { expect, test } from 'vitest';
import { environmentsOf, machinesText, mixtureNote, threadsText, versionsText } from './environment.js';

const machine = { processor: 'Some Processor', cores: 2 };

const environment = (threads: number, tessera: string, onnxruntime = '1.30.0') => ({
  threads,
  machine,
  versions: { tessera, 'onnxruntime-node': onnxruntime },
});

test('pictures of one set-up are told as made with that', () => {
  const drawn = environmentsOf([environment(1, '0.1.0'), environment(1, '0.1.0')]);
  expect(drawn).toEqual({
    threads: [1],
    versions: { tessera: ['0.1.0'], 'onnxruntime-node': ['1.30.0'] },
    machines: [machine],
  });
  expect(machinesText(drawn)).toBe('Some Processor (2 cores)');
  expect(threadsText(drawn)).toBe('1 thread');
  expect(versionsText(drawn.versions)).toBe('tessera 0.1.0, onnxruntime-node 1.30.0');
  expect(mixtureNote(drawn)).toBeUndefined();
});

test('each version and number of threads that occurs is told, once and in its order', () => {
  const drawn = environmentsOf([environment(2, '0.10.0'), environment(1, '0.9.0'), environment(4, '0.10.0')]);
  expect(threadsText(drawn)).toBe('1, 2 and 4 threads');
  expect(versionsText(drawn.versions)).toBe('tessera 0.9.0 and 0.10.0, onnxruntime-node 1.30.0');
});

test('a mixture is told by what differs in it', () => {
  expect(mixtureNote(environmentsOf([environment(2, '0.1.0'), environment(2, '0.2.0')]))).toContain(
    'different set-ups: tessera 0.1.0 and 0.2.0. ',
  );
  expect(mixtureNote(environmentsOf([environment(1, '0.1.0'), environment(2, '0.1.0')]))).toContain(
    'different set-ups: 1 and 2 threads. ',
  );
  expect(
    mixtureNote(environmentsOf([environment(1, '0.1.0', '1.30.0'), environment(2, '0.1.0', '1.31.0')])),
  ).toContain('different set-ups: onnxruntime-node 1.30.0 and 1.31.0; 1 and 2 threads. ');
});

test('pictures of several machines are told as such', () => {
  const other = { ...environment(1, '0.1.0'), machine: { processor: 'Another', cores: 1 } };
  const drawn = environmentsOf([environment(1, '0.1.0'), other, environment(1, '0.1.0')]);
  expect(drawn.machines).toEqual([other.machine, machine]);
  expect(mixtureNote(drawn)).toContain('different set-ups: Another (1 core) and Some Processor (2 cores). ');
});
