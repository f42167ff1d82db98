export * from '@tessera/core';
export * from '@tessera/core/scheduling';
export * from '@tessera/fts';
export * from '@tessera/gtr';
export { modelFolder } from '@tessera/model-tiny';
export * from '@tessera/runtime-node';
