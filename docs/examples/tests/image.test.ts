// The image's own entrypoint and probe, on this machine's kernel. Skipped, with the reason, where that cannot be.
import 'pidsim/vitest';
import { describe, test } from 'vitest';

const entrypoint = ['./entrypoint.sh'];

describe.concurrent('the image', () => {
  test('its entrypoint ends up as an init that reaps', { timeout: 120_000 }, async ({ expect }) => {
    await expect(entrypoint).toReapAsPid1();
  });

  test('its entrypoint passes on what it is told', { timeout: 120_000 }, async ({ expect }) => {
    await expect(entrypoint).toForwardSignals();
    await expect(entrypoint).toEndWithin('10s');
    await expect(entrypoint).toPassExitStatus();
  });

  test('its probe is not free: under a PID 1 that does not reap', { timeout: 60_000 }, async ({ expect }) => {
    await expect(['./check.sh']).toLeakPerProbe({ zombies: 1, pinned: 1 });
    await expect(['./check.sh']).not.toLeaveNothingBehind();
  });
});
