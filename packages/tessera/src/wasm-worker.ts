export * from '@tessera/runtime-web/wasm';
