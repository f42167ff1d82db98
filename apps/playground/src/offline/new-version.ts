import { type Readable, readable } from 'svelte/store';

type Registration = Pick<ServiceWorkerRegistration, 'waiting'>;

/** The parts of the browser's service workers that are used. */
export interface VersionSource {
  readonly ready: Promise<Registration & Pick<ServiceWorkerRegistration, 'installing' | 'addEventListener'>>;
  getRegistration(): Promise<Registration | undefined>;
  addEventListener(type: 'controllerchange', listener: () => void, options: { once: boolean }): void;
}

/** For how long a page waits for an answer before it shows the version that it is, in milliseconds: a worker has to start. */
const PATIENCE = 3000;

/**
 * Asks a new version that waits to take over, which it does where this is the only page that is open. Resolves when there
 * is none, it doesn't, or time is up.
 *
 * @param serviceWorker undefined where the browser has none: over http
 * @param reload called when the new version has taken over, at once or late: the files of this page are gone then
 */
export async function takeNewVersion(
  serviceWorker: VersionSource | undefined,
  reload: () => void,
): Promise<void> {
  const waiting = (await serviceWorker?.getRegistration().catch(notAllowed))?.waiting;
  if (!serviceWorker || !waiting) return;
  serviceWorker.addEventListener('controllerchange', reload, { once: true });
  const { port1, port2 } = new MessageChannel();
  await new Promise<unknown>((resolve) => {
    port1.onmessage = resolve;
    setTimeout(resolve, PATIENCE);
    waiting.postMessage({ takeOverUntil: Date.now() + PATIENCE }, [port2]);
  });
  port1.close();
}

/** Whether there is a newer version than this page, which waits until the others are closed. */
export function newVersion(serviceWorker: VersionSource | undefined): Readable<boolean> {
  return readable(false, (set) => {
    serviceWorker?.ready.then((registration) => {
      const look = (): void => set(registration.waiting !== null);
      look();
      registration.addEventListener('updatefound', () =>
        registration.installing?.addEventListener('statechange', look),
      );
    }, notAllowed);
  });
}

/** A browser may block what a page would keep. */
const notAllowed = (): undefined => undefined;
