export * from '@tessera/core';
export * from '@tessera/core/scheduling';
export * from '@tessera/fts';
export * from '@tessera/gtr';
export * from '@tessera/runtime-web';
