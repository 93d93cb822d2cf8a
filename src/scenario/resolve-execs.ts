/** Execs of a container that are no probes. */
import type { ExecSpec } from '../node/spec.js';
import type { Userland } from '../program/userland.js';
import type { ResolveContext } from './context.js';
import { resolveAction } from './resolve-handler.js';
import { micros, warnBeyondHorizon } from './resolve-node.js';
import type { ContainerSource, ExecSource, PodSource } from './schema.js';

/** One without a valid program is left out, with diagnostics. */
export function resolveExecs(
  { execs }: ContainerSource,
  userland: Userland | null,
  context: ResolveContext,
): ExecSpec[] {
  return execs.flatMap((source) => resolveExec(source, userland, context) ?? []);
}

function resolveExec(
  source: ExecSource,
  userland: Userland | null,
  context: ResolveContext,
): ExecSpec | null {
  const everyUs = micros(source.every);
  const startAtUs = source.startAt === undefined ? everyUs : micros(source.startAt);
  if (startAtUs > context.horizonUs)
    warnBeyondHorizon(source, source.startAt === undefined ? 'every' : 'startAt', context);
  const action = resolveAction({ exec: source }, context, userland);
  return action?.kind === 'exec' ? { everyUs, startAtUs, program: action.program } : null;
}

/** Nobody gets into a pod that comes and goes, whose next copy is another. */
export function warnOfIdleExecs(pod: PodSource, { findings }: ResolveContext): void {
  if (pod.every === undefined) return;
  for (const container of pod.containers) {
    if (container.execs.length === 0) continue;
    const message = 'a pod with `every` comes and goes: execs are started only in pods that stay';
    findings.warning(findings.of(container, 'execs'), 'no-effect', message, { aim: 'key' });
  }
}
