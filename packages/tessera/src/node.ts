export * from '@tessera/core';
export * from '@tessera/core/scheduling';
export * from '@tessera/fts';
export * from '@tessera/gtr';
export { modelFolder } from '@tessera/model-tiny';
export { modelFolder as textModelFolder } from '@tessera/model-tiny-text';
export * from '@tessera/runtime-node';
