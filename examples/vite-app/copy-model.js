// Puts the model's folder among the files that are served as they are. For one of your own: its folder in place of
// modelFolder, such as new URL('../my-model/', import.meta.url).
import { cp } from 'node:fs/promises';
import { modelFolder } from '@tessera/model-tiny';

await cp(modelFolder, new URL('public/model/', import.meta.url), { recursive: true });
