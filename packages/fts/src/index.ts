export { type FrequencyWeightedOptions, frequencyWeighted, type TokenChoice } from './frequency-weighted.js';
export { importance } from './importance.js';
export { type MagnitudeSpectrum, magnitudeSpectrum } from './magnitude-spectrum.js';
