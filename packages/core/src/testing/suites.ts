export { type DescribeModelOptions, describeModel } from './describe-model.js';
export { describePolicy } from './describe-policy.js';
