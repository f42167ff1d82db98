import { describe } from 'vitest';
import { hasS3Server } from '../../packages/fleet/src/testing/start-s3.js';

/** `describe` where there is a server with S3's interface to start; elsewhere it skips aloud. */
export function describeWithS3(title: string, body: () => void): void {
  if (!hasS3Server)
    console.warn(`Not tested, for want of a server: ${title}. Install ceph-mon, ceph-osd and radosgw.`);
  describe.skipIf(!hasS3Server)(title, body);
}
