import { readdir } from 'node:fs/promises';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { versions } from '@tessera/evaluation-report/environment';
import { Command } from 'commander';
import { type CommandContext, outputOf } from '../command-context.js';
import { EMBEDDED_LOCATIONS, type Embedded, embeddedModel } from '../model-options.js';
import { wrapped, wrappedHelp } from '../terminal.js';

export function doctorCommand(context: CommandContext): Command {
  return new Command('doctor')
    .description('Say what this machine can run on, and with which versions.')
    .option('--json', 'print one JSON document')
    .addHelpText('after', wrappedHelp('Examples:\n  tessera doctor\n  tessera doctor --json'))
    .action((flags: { readonly json?: boolean }) => doctor(context, flags));
}

async function doctor(context: CommandContext, flags: { readonly json?: boolean }): Promise<void> {
  const output = outputOf(context, flags.json);
  const { style } = context;
  const { defaultCacheFolder, probeDevices } = await import('@tessera/runtime-node');
  const devices = await probeDevices();
  const embedded = await Promise.all(EMBEDDED_LOCATIONS.map(embeddedState));
  const cacheFolder = defaultCacheFolder();
  const report = {
    versions: versions(),
    system: { platform: platform(), release: release(), arch: arch() },
    processor: { model: cpus()[0]?.model.trim() ?? 'unknown', threads: availableParallelism() },
    memoryBytes: totalmem(),
    devices,
    embeddedModels: embedded,
    cache: { folder: cacheFolder, models: await entryCount(cacheFolder) },
  };

  const { processor } = report;
  output.print(style.bold('versions'));
  for (const [name, version] of Object.entries(report.versions))
    output.print(`  ${name.padEnd(18)}${version}`);
  output.print(style.bold('machine'));
  output.print(
    `  system            ${report.system.platform} ${report.system.arch}, ${report.system.release}`,
  );
  output.print(`  processor         ${processor.model}, ${processor.threads} threads`);
  output.print(`  memory            ${(report.memoryBytes / 2 ** 30).toFixed(1)} GiB`);
  output.print(style.bold('devices'));
  for (const { device, available, reason } of devices) {
    const [first = '', ...rest] = wrapped(reason ?? '', 76);
    output.print(`  ${device.padEnd(10)}${available ? style.green('yes') : 'no '}  ${first}`.trimEnd());
    for (const line of rest) output.print(`${' '.repeat(17)}${line}`);
  }
  output.print(style.bold('models'));
  for (const { location, name, folder, problem } of embedded)
    output.print(`  ${location.padEnd(18)}${problem ?? `${name}, ${folder}`}`);
  output.print(`  cache             ${cacheFolder}, ${report.cache.models} models`);
  output.result(report);
  const cpu = devices.find(({ device }) => device === 'cpu');
  if (embedded.some(({ problem }) => problem !== undefined) || !cpu?.available) context.setExitCode(1);
}

async function embeddedState(
  location: Embedded,
): Promise<{ location: Embedded; name?: string; folder?: string; problem?: string }> {
  const { readManifest } = await import('@tessera/runtime-node');
  try {
    const folder = fileURLToPath(await embeddedModel(location));
    return { location, folder, name: (await readManifest(folder)).name };
  } catch (error) {
    return { location, problem: error instanceof Error ? error.message : String(error) };
  }
}

async function entryCount(folder: string): Promise<number> {
  try {
    return (await readdir(folder)).length;
  } catch {
    return 0;
  }
}
