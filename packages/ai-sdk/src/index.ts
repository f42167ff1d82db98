export { createTessera, type TesseraProvider, type TesseraProviderOptions } from './create-tessera.js';
