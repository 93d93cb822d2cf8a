/** What is done in a container: by a probe, a lifecycle hook, or an exec that is no probe. */
import type { ExecSpec, HookAction, ProbeAction } from '../node/spec.js';
import { US_PER_SECOND } from '../sim/time.js';
import type { ResolveContext } from './context.js';
import { micros, warnBeyondHorizon } from './resolve-node.js';
import type { ExecSource, HandlerSource, HookSource, PodSource } from './schema.js';

export const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'] as const;

/** A command, or a request from outside. Undefined: nothing is said; null: it is wrong, and reported. */
export function resolveAction(
  source: Partial<HandlerSource> & object,
  { findings, programs, userland, files }: ResolveContext,
): ProbeAction | null | undefined {
  const given = HANDLERS.filter((handler) => source[handler] !== undefined);
  if (given.length > 1) {
    const message = `a probe does one thing: \`${given[0]}\` or \`${given[1]}\``;
    findings.error(findings.of(source, given[1]), 'conflict', message, { aim: 'key' });
  }
  const [how] = given;
  if (how === undefined) return undefined;
  if (how !== 'exec') return { kind: 'network', how };
  const exec = source.exec!;
  const { command, program } = exec;
  if (command !== undefined && program !== undefined) {
    const message = 'either `command` or `program`, not both';
    findings.error(findings.of(exec, 'program'), 'conflict', message, { aim: 'key' });
    return null;
  }
  if (command === undefined && program === undefined) {
    const hint = 'Add `command:` or `program:`.';
    if (!findings.isInvalid(exec))
      findings.error(findings.of(exec), 'missing-key', 'nothing says what is executed', { hint });
    return null;
  }
  const resolved =
    command === undefined
      ? programs.named(program!, findings.of(exec, 'program'), userland)
      : programs.ofCommand(command, findings.of(exec, 'command'), { userland, files });
  return resolved && { kind: 'exec', program: resolved };
}

/** What the kubelet does after a container's start, or before its end. Null: it is wrong, and reported. */
export function resolveHook(source: HookSource, context: ResolveContext): HookAction | null {
  const { findings } = context;
  const action = resolveAction(source, context);
  if (source.sleep !== undefined && action !== undefined) {
    const message = 'a hook does one thing: `sleep`, or what stands beside it';
    findings.error(findings.of(source, 'sleep'), 'conflict', message, { aim: 'key' });
  }
  if (source.sleep !== undefined) return { kind: 'wait', us: source.sleep.seconds * US_PER_SECOND };
  if (action === undefined && !findings.isInvalid(source)) {
    const hint = 'Add one of exec, httpGet, tcpSocket, sleep.';
    findings.error(findings.of(source), 'missing-key', 'the hook does not say what it does', { hint });
  }
  if (action === undefined || action === null) return null;
  return action.kind === 'exec' ? action : { kind: 'wait', us: 0 };
}

/** An exec that is no probe. Null: without a valid program it is left out, with diagnostics. */
export function resolveExec(source: ExecSource, context: ResolveContext): ExecSpec | null {
  const everyUs = micros(source.every);
  const startAtUs = source.startAt === undefined ? everyUs : micros(source.startAt);
  if (startAtUs > context.horizonUs)
    warnBeyondHorizon(source, source.startAt === undefined ? 'every' : 'startAt', context);
  const action = resolveAction({ exec: source }, context);
  return action?.kind === 'exec' ? { everyUs, startAtUs, program: action.program } : null;
}

/** Nobody gets into a pod that comes and goes, whose next copy is another. */
export function warnOfIdleExecs(pod: PodSource, { findings }: ResolveContext): void {
  for (const container of pod.every === undefined ? [] : pod.containers) {
    if (container.execs.length === 0) continue;
    const message = 'a pod with `every` comes and goes: execs are started only in pods that stay';
    findings.warning(findings.of(container, 'execs'), 'no-effect', message, { aim: 'key' });
  }
}
