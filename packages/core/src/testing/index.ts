export {
  type CheckPolicyOptions,
  checkPolicy,
  type PolicyFinding,
  type PolicyRule,
} from './check-policy.js';
export { type FakeModel, type FakeModelCalls, type FakeModelOptions, fakeModel } from './fake-model.js';
