import { get } from 'svelte/store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newVersion, takeNewVersion, type VersionSource } from './new-version.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A browser's service workers, one of them waiting or none. */
function workers(waiting: ServiceWorker | null) {
  const registration = Object.assign(new EventTarget(), { waiting, installing: null as EventTarget | null });
  const source: VersionSource = Object.assign(new EventTarget(), {
    ready: Promise.resolve(registration as unknown as ServiceWorkerRegistration),
    getRegistration: async () => registration,
  });
  return {
    registration,
    source,
    says: (type: string) => (source as unknown as EventTarget).dispatchEvent(new Event(type)),
  };
}

function waitingWorker() {
  const asked: { takeOverUntil: number; answer: MessagePort }[] = [];
  const worker = {
    postMessage: ({ takeOverUntil }: { takeOverUntil: number }, [answer]: [MessagePort]) =>
      asked.push({ takeOverUntil, answer }),
  };
  return { asked, worker: worker as unknown as ServiceWorker };
}

describe('a new version', () => {
  it('is asked to take over before the page is shown, and gets the page loaded anew when it has, even late', async () => {
    const { asked, worker } = waitingWorker();
    const { source, says } = workers(worker);
    let reloads = 0;
    const taken = takeNewVersion(source, () => reloads++);
    await vi.advanceTimersByTimeAsync(3000);
    await taken;
    expect(asked.map(({ takeOverUntil }) => takeOverUntil)).toEqual([Date.now()]);
    expect(reloads).toBe(0);
    says('controllerchange');
    says('controllerchange');
    expect(reloads).toBe(1);
  });

  it('is not waited for longer than until it says no', async () => {
    const { asked, worker } = waitingWorker();
    const taken = takeNewVersion(workers(worker).source, () => undefined);
    await vi.advanceTimersByTimeAsync(0);
    asked[0]!.answer.postMessage('no');
    await taken;
  });

  it('is not waited for where there is none, and the first worker of all reloads no page', async () => {
    const { source, says } = workers(null);
    let reloads = 0;
    await takeNewVersion(source, () => reloads++);
    says('controllerchange');
    expect(reloads).toBe(0);
    await takeNewVersion(undefined, () => reloads++);
  });

  it('is told of as soon as it waits, however long the page is open', async () => {
    const { registration, source } = workers(null);
    const told: boolean[] = [];
    const end = newVersion(source).subscribe((there) => told.push(there));
    await vi.advanceTimersByTimeAsync(0);
    registration.installing = new EventTarget();
    registration.dispatchEvent(new Event('updatefound'));
    registration.waiting = waitingWorker().worker;
    registration.installing.dispatchEvent(new Event('statechange'));
    expect(told).toEqual([false, true]);
    end();
    expect(get(newVersion(undefined))).toBe(false);
  });
});
