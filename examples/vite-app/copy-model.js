// Puts the model's folder among the files that are served as they are.
import { cp } from 'node:fs/promises';
import { modelFolder } from '@tessera/model-tiny';

await cp(modelFolder, new URL('public/model/', import.meta.url), { recursive: true });
