import type { Study } from '../study.js';
import { ABLATION } from './ablation.js';
import { FTS } from './fts.js';
import { GUIDANCE } from './guidance.js';
import { HEAD } from './head.js';
import { ORDER } from './order.js';
import { SPEED } from './speed.js';

/** All studies, in the order they are told. */
export const STUDIES: readonly Study[] = [ORDER, ABLATION, FTS, SPEED, GUIDANCE, HEAD];
