import { describeModel } from '@tessera/core/testing/suites';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel } from '@tessera/runtime-node';

describeModel('the embedded model on the CPU', () => loadModel(modelFolder, { device: 'cpu' }), {
  inputs: [{ classLabel: 0 }, { classLabel: 1 }],
});
