/** Lifecycle hooks: what the kubelet does right after a container's start, and before its end. */
import type { HookAction } from '../node/spec.js';
import type { Userland } from '../program/userland.js';
import { US_PER_SECOND } from '../sim/time.js';
import type { ResolveContext } from './context.js';
import { resolveAction } from './resolve-handler.js';
import type { HookSource } from './schema.js';

/** Null: what is said is wrong, and reported. */
export function resolveHook(
  source: HookSource,
  userland: Userland | null,
  context: ResolveContext,
): HookAction | null {
  const { findings } = context;
  const action = resolveAction(source, context, userland);
  if (source.sleep !== undefined && action !== undefined) {
    const message = 'a hook does one thing: `sleep`, or what stands beside it';
    findings.error(findings.of(source, 'sleep'), 'conflict', message, { aim: 'key' });
  }
  if (source.sleep !== undefined) return { kind: 'wait', us: source.sleep.seconds * US_PER_SECOND };
  if (action === undefined && !findings.isInvalid(source)) {
    findings.error(findings.of(source), 'missing-key', 'the hook does not say what it does', {
      hint: 'Add one of exec, httpGet, tcpSocket, sleep.',
    });
  }
  if (action === undefined || action === null) return null;
  return action.kind === 'exec' ? action : { kind: 'wait', us: 0 };
}
