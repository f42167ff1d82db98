/**
 * Has the page kept for visits without a network.
 *
 * @param large addresses of large files that are in use
 */
export async function keepOffline(large: readonly string[]): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  const { serviceWorker } = navigator;
  try {
    await serviceWorker.register(new URL('service-worker.js', document.baseURI));
    const { active } = await serviceWorker.ready;
    active?.postMessage({ keep: large });
  } catch {
    // Without it the page works as before, online.
  }
}
