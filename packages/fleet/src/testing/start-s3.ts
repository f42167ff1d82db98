import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { freePort } from './free-port.js';

/** Whether Ceph's programs are installed: a store with S3's interface that knows conditional writes. */
export const hasS3Server = ['ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin'].every(
  (name) => spawnSync(name, ['--version']).status === 0,
);

export interface S3Server {
  /** What a program needs in its environment to use it. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends it, and deletes its files. */
  stop(): Promise<void>;
}

/** Starts Ceph's object gateway over one monitor and one store in memory, on free ports and in a folder of its own. */
export async function startS3(): Promise<S3Server> {
  if (!hasS3Server)
    throw new Error('There is no Ceph: install it, as by apt-get install ceph-mon ceph-osd radosgw.');
  const folder = await mkdtemp(join(tmpdir(), 'tessera-s3-'));
  const [monitor, gateway] = [await freePort(), await freePort()];
  const keys = { AWS_ACCESS_KEY_ID: 'tessera', AWS_SECRET_ACCESS_KEY: randomUUID() };
  const [id, config, keyring, map] = [
    randomUUID(),
    join(folder, 'ceph.conf'),
    join(folder, 'keyring'),
    join(folder, 'monmap'),
  ];
  for (const name of ['mon', 'osd', 'rgw']) await mkdir(join(folder, name));
  await writeFile(config, configuration({ folder, id, monitor, gateway }));
  const programs: ChildProcess[] = [];
  const run = (program: string, ...args: string[]): void => {
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  };
  const start = (program: string, ...args: string[]): void => {
    programs.push(spawn(program, ['-c', config, '-f', ...args], { stdio: 'ignore' }));
  };
  const stop = async (): Promise<void> => {
    for (const child of programs.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    run('monmaptool', '--create', '--fsid', id, '--addv', 'a', `[v2:127.0.0.1:${monitor}]`, map);
    const capabilities: Readonly<Record<string, readonly string[]>> = {
      'mon.': ['mon', 'allow *'],
      'client.admin': ['mon', 'allow *', 'osd', 'allow *'],
      'osd.0': ['mon', 'allow profile osd', 'osd', 'allow *'],
      'client.rgw': ['mon', 'allow rw', 'osd', 'allow rwx'],
    };
    await writeFile(keyring, '');
    for (const [name, allowed] of Object.entries(capabilities)) {
      const caps = allowed.flatMap((word, i) => (i % 2 === 0 ? ['--cap', word] : [word]));
      run('ceph-authtool', keyring, '--gen-key', '-n', name, ...caps);
    }
    run('ceph-mon', '-c', config, '-i', 'a', '--mkfs', '--monmap', map, '--keyring', keyring);
    start('ceph-mon', '-i', 'a');
    run('ceph-osd', '-c', config, '-i', '0', '--mkfs', '--osd-uuid', randomUUID(), '--no-mon-config');
    start('ceph-osd', '-i', '0');
    start('radosgw', '-n', 'client.rgw');
    const url = `http://127.0.0.1:${gateway}`;
    await answers(url, () => readFile(join(folder, 'client.rgw.log'), 'utf8').catch(() => ''));
    const { AWS_ACCESS_KEY_ID: access, AWS_SECRET_ACCESS_KEY: secret } = keys;
    run(
      ...['radosgw-admin', '-c', config, '-n', 'client.rgw', 'user', 'create', '--uid', 'tessera'],
      ...['--display-name', 'tessera', '--access-key', access, '--secret-key', secret],
    );
    return { env: { ...keys, AWS_ENDPOINT_URL: url, AWS_REGION: 'us-east-1' }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configuration(parts: {
  readonly folder: string;
  readonly id: string;
  readonly monitor: number;
  readonly gateway: number;
}): string {
  const { folder, id, monitor, gateway } = parts;
  return `[global]
fsid = ${id}
keyring = ${folder}/keyring
mon host = v2:127.0.0.1:${monitor}
mon data = ${folder}/mon
mon allow pool size one = true
osd data = ${folder}/osd
osd objectstore = memstore
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd crush update on start = true
run dir = ${folder}
pid file = ${folder}/$name.pid
admin socket = ${folder}/$name.asok
log file = ${folder}/$name.log
mon cluster log file = ${folder}/cluster.log
[client.rgw]
rgw data = ${folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:${gateway}
`;
}

async function answers(url: string, log: () => Promise<string>): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const isThere = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await pause(200);
  }
  throw new Error(`The server at ${url} does not answer. ${(await log()).slice(-2000)}`);
}

export async function makeBucket(server: S3Server, name: string): Promise<void> {
  await s3ClientOf(server).send(new CreateBucketCommand({ Bucket: name }));
}

/** The bytes of an object. */
export async function readObject(server: S3Server, bucket: string, key: string): Promise<Buffer> {
  const { Body } = await s3ClientOf(server).send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return Buffer.from(await Body!.transformToByteArray());
}

export function s3ClientOf({ env }: S3Server): S3Client {
  return new S3Client({
    endpoint: env.AWS_ENDPOINT_URL!,
    region: env.AWS_REGION!,
    forcePathStyle: true,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID!, secretAccessKey: env.AWS_SECRET_ACCESS_KEY! },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}
