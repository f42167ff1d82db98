export * from '@tessera/core/testing';
