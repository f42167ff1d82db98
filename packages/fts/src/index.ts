export {
  type FrequencyWeightedOptions,
  frequencyWeighted,
  type TokenChoice,
  type TokenScore,
} from './frequency-weighted.js';
export { importance } from './importance.js';
export { type MagnitudeSpectrum, magnitudeSpectrum } from './magnitude-spectrum.js';
