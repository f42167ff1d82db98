import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import * as v from 'valibot';
import { expect, it, onTestFinished } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { run } from '../packages/cli/src/run.js';
import { capturedIo } from '../packages/cli/src/testing/captured-io.js';
import { fakeLoadedModel } from '../packages/evaluation-report/src/testing/fake-loaded-model.js';

const folder = resolve('examples/array-jobs');
const read = (name: string) => readFile(join(folder, name), 'utf8');

/** What the type checker says of a value: unknown fields, missing ones, and those of a wrong type. */
function typeProblems(value: unknown, type: string, from: string): string[] {
  const path = resolve('array-job.ts');
  const text = `import type { ${type} } from '${from}';\nexport const value: ${type} = ${JSON.stringify(value)};\n`;
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, types: [], lib: ['lib.es2023.d.ts'] },
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, ...rest) =>
    name === path ? ts.createSourceFile(path, text, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest);
  return ts
    .getPreEmitDiagnostics(ts.createProgram([path], options, host))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

/** Runs `tessera shard` as the manifest says, with fewer pictures and a model of arithmetic. */
async function runs(args: readonly string[], env: Readonly<Record<string, string>>, out: string) {
  const io = capturedIo({ env });
  const smaller: Readonly<Record<string, string>> = { '0-9999': '0-7', '100': '4', '/pictures/job': out };
  const own = args.map((word) => smaller[word] ?? word);
  const code = await run([...own, '--policy', 'mar:3x2'], io, { loadModel: async () => fakeLoadedModel() });
  return { code, ...io.written };
}

async function temporary(): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'tessera-array-'));
  onTestFinished(() => rm(place, { recursive: true, force: true }));
  return place;
}

/** Draws all shards and finishes, with what the scheduler calls the index. */
async function drawsAll(draw: readonly string[], finish: readonly string[], index: string): Promise<void> {
  const out = await temporary();
  for (let i = 0; i < 4; i++)
    expect(await runs(draw, { [index]: `${i}` }, out)).toMatchObject({ code: 0, error: '' });
  expect(await runs(finish, {}, out)).toMatchObject({
    code: 0,
    out: 'done  8 pictures in 4 shards, all checked\n',
  });
}

interface JobManifest {
  readonly kind: string;
  readonly spec: {
    readonly completions?: number;
    readonly template: { readonly spec: { readonly containers: readonly [{ readonly args: string[] }] } };
  };
}

it('the manifests for Kubernetes have the fields and types of its API, and their commands run', async () => {
  const documents = parseAllDocuments(await read('kubernetes.yaml')).map((each) => each.toJS());
  const [claim, draw, finish] = documents as [unknown, JobManifest, JobManifest];
  expect(typeProblems(claim, 'PersistentVolumeClaim', 'kubernetes-types/core/v1')).toEqual([]);
  for (const job of [draw, finish]) expect(typeProblems(job, 'Job', 'kubernetes-types/batch/v1')).toEqual([]);
  const wrong = { ...draw, spec: { ...draw.spec, completion: 1 } };
  expect(typeProblems(wrong, 'Job', 'kubernetes-types/batch/v1').join()).toContain('"completion"');

  const [drawing, finishing] = [draw, finish].map(({ spec }) => spec.template.spec.containers[0].args);
  expect(drawing!.join(' ')).toContain(`--of ${draw.spec.completions} `);
  await drawsAll(drawing!, finishing!, 'JOB_COMPLETION_INDEX');
});

const SBATCH = /^--(parsable|requeue|(job-name|array|cpus-per-task|mem|time|dependency|wrap)=.+)$/s;

it('the script for Slurm submits an array and a job after it, and their commands run', async () => {
  const place = await temporary();
  const script = async (name: string, text: string) => {
    await writeFile(join(place, name), `#!/bin/sh\n${text}`);
    await chmod(join(place, name), 0o755);
  };
  await script(
    'sbatch',
    `printf '%s\\0' "$@" >> '${place}/jobs'; printf '\\n' >> '${place}/jobs'; echo 77\n`,
  );
  await script('tessera', `printf '%s\\0' "$@"\n`);
  const env = { ...process.env, PATH: [place, process.env.PATH].join(delimiter) };
  const start = promisify(execFile);
  await start('sh', [join(folder, 'slurm.sh'), '/pictures/job'], { env });
  const jobs = (await readFile(join(place, 'jobs'), 'utf8')).trimEnd().split('\n');
  const words = jobs.map((line) => line.split('\0').filter(Boolean));
  for (const word of words.flat()) expect(word).toMatch(SBATCH);
  const [draw, finish] = await Promise.all(
    words.map(async (each) => {
      const wrap = each.find((word) => word.startsWith('--wrap='))!.slice('--wrap='.length);
      return (await start('sh', ['-c', wrap], { env })).stdout.split('\0').filter(Boolean);
    }),
  );
  expect(words[0]).toContain(`--array=0-${Number(draw![draw!.indexOf('--of') + 1]) - 1}%20`);
  expect(words[1]).toContain('--dependency=afterok:77');
  await drawsAll(draw!, finish!, 'SLURM_ARRAY_TASK_ID');
});

const text = v.pipe(v.string(), v.minLength(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
/** The fields of AWS Batch's API that are used, of `RegisterJobDefinition` and `SubmitJob`. */
const DEFINITION = v.strictObject({
  jobDefinitionName: v.pipe(text, v.regex(/^[\w-]{1,128}$/)),
  type: v.picklist(['container', 'multinode']),
  platformCapabilities: v.array(v.picklist(['EC2', 'FARGATE'])),
  containerProperties: v.strictObject({
    ...{ image: text, command: v.array(text) },
    resourceRequirements: v.array(
      v.strictObject({ type: v.picklist(['VCPU', 'MEMORY', 'GPU']), value: v.pipe(text, v.regex(/^\d+$/)) }),
    ),
    volumes: v.array(
      v.strictObject({
        name: text,
        efsVolumeConfiguration: v.strictObject({
          fileSystemId: v.pipe(text, v.startsWith('fs-')),
          transitEncryption: v.picklist(['ENABLED', 'DISABLED']),
        }),
      }),
    ),
    mountPoints: v.array(v.strictObject({ sourceVolume: text, containerPath: text })),
  }),
  retryStrategy: v.strictObject({
    attempts: v.pipe(count, v.maxValue(10)),
    evaluateOnExit: v.pipe(
      v.array(
        v.strictObject({
          onStatusReason: v.exactOptional(text),
          onExitCode: v.exactOptional(v.pipe(text, v.regex(/^\d*\*?$/))),
          action: v.picklist(['RETRY', 'EXIT']),
        }),
      ),
      v.maxLength(5),
    ),
  }),
  timeout: v.strictObject({ attemptDurationSeconds: v.pipe(count, v.minValue(60)) }),
});
const SUBMISSION = v.strictObject({
  ...{ jobName: text, jobQueue: text, jobDefinition: text },
  arrayProperties: v.exactOptional(
    v.strictObject({ size: v.pipe(count, v.minValue(2), v.maxValue(10_000)) }),
  ),
  containerOverrides: v.exactOptional(v.strictObject({ command: v.array(text) })),
});

it('the documents for AWS Batch have the fields of its API, and their commands run', async () => {
  const json = async (name: string) => JSON.parse(await read(`aws-batch-${name}.json`)) as unknown;
  const definition = v.parse(DEFINITION, await json('definition'));
  const draw = v.parse(SUBMISSION, await json('draw'));
  const finish = v.parse(SUBMISSION, await json('finish'));
  const { command } = definition.containerProperties;
  expect(command.join(' ')).toContain(`--of ${draw.arrayProperties!.size} `);
  expect([draw.jobDefinition, finish.jobDefinition]).toEqual(Array(2).fill(definition.jobDefinitionName));
  await drawsAll(command, finish.containerOverrides!.command, 'AWS_BATCH_JOB_ARRAY_INDEX');
});
