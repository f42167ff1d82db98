import { describe, expectTypeOf, it } from 'vitest';
import * as diffusion from './diffusion/index.js';
import * as core from './index.js';
import * as model from './model-entry.js';
import type * as scheduling from './scheduling/index.js';
import * as testing from './testing/index.js';

// `npm run typecheck` checks these; when they run they do nothing that can fail.
describe('types of `@tessera/core`', () => {
  it('take what the model takes as input, and nothing else', () => {
    expectTypeOf<core.ImageRequest<model.ClassInput>['input']>().toEqualTypeOf<model.ClassInput>();
    expectTypeOf<core.ModelInput>().toEqualTypeOf<model.ClassInput | model.TextInput>();
    expectTypeOf<core.MaskedModel<core.ModelInput>>().toExtend<core.MaskedModel<model.TextInput>>();
    expectTypeOf<{ prompt: string }>().not.toExtend<model.ClassInput>();
    expectTypeOf<{ classLabel: null }>().toExtend<model.ClassInput>();
  });

  it('need a model and requests to generate, and no policy', () => {
    type Options = core.GenerateOptions<model.ClassInput>;
    expectTypeOf<Pick<Options, 'model' | 'requests'>>().toExtend<Options>();
    expectTypeOf<Pick<Options, 'requests'>>().not.toExtend<Options>();
    const drawn = () => core.generateImages({} as Options);
    expectTypeOf(drawn).returns.resolves.toEqualTypeOf<readonly core.GeneratedImage[]>();
  });

  it('tell events apart by their `type`', () => {
    type Image = Extract<core.GenerateEvent, { type: 'image' }>;
    expectTypeOf<Image>().toExtend<core.GeneratedImage>();
    expectTypeOf<core.GenerateEvent['progress']>().toEqualTypeOf<model.Progress>();
    expectTypeOf<Exclude<core.GenerateEvent, Image>>().not.toHaveProperty('image');
  });

  it('make policies of generators and of refinements', () => {
    expectTypeOf(core.plannedPolicy).returns.toExtend<core.SamplingPolicy>();
    expectTypeOf(core.stepPlan).returns.toEqualTypeOf<core.StepPlan>();
    expectTypeOf(core.inStage).returns.toEqualTypeOf<core.Refinement>();
    // @ts-expect-error: a plan is made of numbers
    () => core.stepPlan('generation', ['0'], 50);
    // @ts-expect-error: not a shape of annealing
    () => core.annealedDiffusionSteps({ shape: 'square' });
  });
});

describe('types of `@tessera/core/model`', () => {
  it('keep a model whole where only some of it is replaced', () => {
    const fake = {} as testing.FakeModel;
    const proxied = () => model.proxyModel(fake, { dispose: async () => {} });
    expectTypeOf(proxied).returns.toExtend<core.MaskedModel<model.ClassInput>>();
    // @ts-expect-error: a model has no such method
    () => model.proxyModel(fake, { draw: async () => {} });
  });

  it('are classes of errors by which a caller can tell them', () => {
    expectTypeOf<model.ConditionsReleasedError>().toExtend<core.TesseraError>();
    expectTypeOf<core.TesseraError['code']>().toEqualTypeOf<string>();
    expectTypeOf<model.ConditionRows>().toExtend<model.Conditions>();
  });
});

describe('types of `@tessera/core/diffusion`', () => {
  it('have every sampler of the main entry as coefficients for any process', () => {
    for (const sampler of [
      core.ancestralSampler(),
      core.ddimSampler(),
      core.dpmSolverSampler(),
      core.eulerSampler(),
      core.heunSampler(),
    ]) {
      expectTypeOf(sampler).toEqualTypeOf<diffusion.CoefficientsSampler>();
      expectTypeOf(sampler).toExtend<diffusion.DiffusionSampler>();
    }
  });

  it('take functions as samplers, which get x and the head and give x', () => {
    const own = diffusion.functionSampler('own', async (x, evaluate, { diffusionSteps, noise }) => {
      expectTypeOf(x).toEqualTypeOf<Float32Array>();
      expectTypeOf(diffusionSteps).toEqualTypeOf<number>();
      expectTypeOf(noise).toEqualTypeOf<(step: number) => Float32Array>();
      const { xStart, variance } = await evaluate(x, 500);
      expectTypeOf(variance).toEqualTypeOf<Float32Array | undefined>();
      return xStart;
    });
    expectTypeOf(own).toExtend<diffusion.DiffusionSampler>();
    // @ts-expect-error: a sampler gives tokens
    () => diffusion.functionSampler('none', () => 'tokens');
  });

  it('tell coefficients from functions', () => {
    const run = {} as ReturnType<diffusion.DiffusionSampler>;
    if (diffusion.isCoefficients(run)) expectTypeOf(run).toEqualTypeOf<diffusion.SamplerCoefficients>();
    else expectTypeOf(run).toEqualTypeOf<diffusion.SamplerFunction>();
  });

  it('have a noise schedule where the head predicts ε, and training steps where it predicts a velocity', () => {
    type Of<Kind> = Extract<diffusion.DiffusionProcess, { prediction: Kind }>;
    expectTypeOf<diffusion.Prediction>().toEqualTypeOf<'epsilon' | 'velocity'>();
    expectTypeOf<Of<'epsilon'>['schedule']>().toEqualTypeOf<diffusion.NoiseSchedule>();
    expectTypeOf<Of<'velocity'>>().not.toHaveProperty('schedule');
    expectTypeOf(diffusion.marDiffusion).returns.toEqualTypeOf<diffusion.DiffusionProcess>();
    expectTypeOf(diffusion.cosineNoiseSchedule).returns.toEqualTypeOf<diffusion.NoiseSchedule>();
    expectTypeOf(diffusion.betaNoiseSchedule).parameter(0).toEqualTypeOf<ArrayLike<number>>();
  });

  it('respace by a number or by text', () => {
    expectTypeOf(diffusion.respaceTimesteps).parameter(0).toEqualTypeOf<number | string>();
    expectTypeOf(diffusion.respaceTimesteps).returns.toEqualTypeOf<number[]>();
  });
});

describe('types of `@tessera/core/scheduling`', () => {
  it('have the calls of the main entry without the model', () => {
    type Scheduler = scheduling.Scheduler<model.ClassInput>;
    type Given = Parameters<Scheduler['generateImages']>[0];
    expectTypeOf<Given>().not.toHaveProperty('model');
    expectTypeOf<Given['priority']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Scheduler['load']>().toEqualTypeOf<scheduling.SchedulerLoad>();
  });
});

describe('types of `@tessera/core/testing`', () => {
  it('take policies and samplers as they are, and give findings', () => {
    expectTypeOf(testing.fakeModel).returns.toExtend<core.MaskedModel<model.ClassInput>>();
    expectTypeOf(testing.checkPolicy)
      .parameter(0)
      .toExtend<core.SamplingPolicy | (() => core.SamplingPolicy)>();
    expectTypeOf(testing.checkSampler).parameter(0).toEqualTypeOf<diffusion.DiffusionSampler>();
    expectTypeOf(testing.checkSampler).returns.resolves.toEqualTypeOf<testing.SamplerReport>();
  });
});
