/**
 * One end of a two-way channel that copies plain data: a Worker, a worker's own scope, or a MessagePort, of Node or of
 * the web, behind one face.
 */
export interface Port {
  send(message: unknown): void;
  /** Called once, with the only listener there will be. */
  listen(listener: (message: unknown) => void): void;
}
