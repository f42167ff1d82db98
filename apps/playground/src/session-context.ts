import { getContext } from 'svelte';
import type { Session } from './session.js';

const KEY = 'session';

/** For `mount`: gives the session to every component below. */
export function sessionContext(session: Session): Map<string, Session> {
  return new Map([[KEY, session]]);
}

/** The session, for a component while it is set up. */
export function currentSession(): Session {
  return getContext<Session>(KEY);
}
