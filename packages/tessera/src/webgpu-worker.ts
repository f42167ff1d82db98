export * from '@tessera/runtime-web/webgpu';
