export {
  type CheckPolicyOptions,
  checkPolicy,
  type PolicyFinding,
  type PolicyRule,
} from './check-policy.js';
export {
  type CheckSamplerOptions,
  checkSampler,
  type SamplerFinding,
  type SamplerMeasurement,
  type SamplerReport,
  type SamplerRule,
} from './check-sampler.js';
export { type FakeModel, type FakeModelCalls, type FakeModelOptions, fakeModel } from './fake-model.js';
