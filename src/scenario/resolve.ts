/** From a scenario as written to a node in engine units, names and versions checked. */
import type { ProgramLibrary } from '../program/step.js';
import { formatDuration } from '../text/duration.js';
import { HORIZON_US_MAX, SAMPLES_MAX } from './bounds.js';
import type { ResolveContext } from './context.js';
import { type Expectation, parseExpectation } from './expect.js';
import { type Assume, Programs } from './programs.js';
import { resolveInterventions } from './resolve-interventions.js';
import { limitsFrom, micros, resolveNode, warnOfIdleKubelet, warnOfIdlePause } from './resolve-node.js';
import { collectPods, resolvePods } from './resolve-pods.js';
import type { FleetIdentity, Scenario } from './scenario.js';
import type { ScenarioSource, SpecSource } from './schema.js';
import { resolveUncertain } from './uncertain.js';

/** The two halves of a document; undefined when wrong as a whole. */
export type ScenarioParts = Partial<Pick<ScenarioSource, 'metadata' | 'spec'>>;

type Surroundings = Omit<ResolveContext, 'programs' | 'horizonUs'> & {
  library?: ProgramLibrary;
  assume?: Assume;
  said?: Set<string>;
};

/** What a node of a fleet has beside its own spec. */
export interface Membership {
  fleet: FleetIdentity;
  node: string;
  /** Programs of the whole fleet. */
  programs: Readonly<Record<string, unknown>>;
  /** Of nodes that are alike. */
  group?: string;
}

/**
 *     programs ──► node ──► pods (manifests read) ──► interventions ──► expectations
 *
 * Null when the document has no spec that could be looked at. Whatever is wrong is in the findings.
 */
export function resolveScenario(
  { metadata, spec }: ScenarioParts,
  surroundings: Surroundings,
  membership: Membership | null = null,
): Scenario | null {
  if (!spec) return null;
  const { findings, document, library, assume, readFile, said } = surroundings;
  const programs = new Programs(findings, { more: library, assume, readFile, said });
  if (membership !== null) programs.addAll(membership.programs);
  programs.addAll(spec.programs);
  // While the horizon is wrong, nothing can be said to lie beyond it.
  const horizonUs = findings.isInvalid(spec, 'horizon') ? Number.POSITIVE_INFINITY : micros(spec.horizon);
  checkTimes(spec, horizonUs, surroundings);
  const { ulimits } = spec.node.runtime;
  const context: ResolveContext = { ...surroundings, programs, horizonUs, ulimits };
  const node = resolveNode(spec.node, context);
  const sources = collectPods(spec.pods, context);
  const { kernel, kubelet } = spec.node;
  const versions = {
    kernel: findings.isInvalid(kernel, 'version') ? null : node.kernel.version,
    kubelet: findings.isInvalid(kubelet, 'version') ? null : node.kubelet.version,
  };
  const pods = resolvePods(sources.pods, versions, context);
  if (!sources.isIncomplete) {
    warnOfIdleKubelet(spec.node, pods, context);
    warnOfIdlePause(spec.node, pods, node, context);
  }
  const targets = { ...sources, cpus: spec.node.kernel.cpus };
  const interventions = resolveInterventions(spec.interventions, targets, context);
  const own = metadata?.name ?? '';
  const name = membership === null ? own : `${own}.${membership.node}`;
  return {
    path: document.file,
    name,
    title: metadata?.title ?? own,
    description: (metadata?.description ?? '').trim(),
    ...(membership === null ? {} : { fleet: membership.fleet, nodeName: membership.node }),
    ...(membership?.group === undefined ? {} : { group: membership.group }),
    seed: spec.seed,
    horizonUs,
    sampleEveryUs: spec.sampleEvery === 'auto' ? null : micros(spec.sampleEvery),
    node: { ...node, pods, interventions },
    limitsFrom: limitsFrom(spec.node, findings),
    expect: resolveExpectations(spec.expect, context),
    uncertain: resolveUncertain(spec.uncertain, context),
    races: [...programs.races],
    assumptions: programs.assumptions,
  };
}

function checkTimes(spec: SpecSource, horizonUs: number, { findings }: Surroundings): void {
  if (Number.isFinite(horizonUs) && horizonUs > HORIZON_US_MAX) {
    const [horizon, bound] = [horizonUs, HORIZON_US_MAX].map(formatDuration);
    const message = `a horizon of ${horizon} is beyond the bound of ${bound}`;
    findings.error(findings.of(spec, 'horizon'), 'horizon-too-long', message);
  }
  if (spec.sampleEvery === 'auto' || !Number.isFinite(horizonUs)) return;
  const samples = Math.floor(horizonUs / micros(spec.sampleEvery));
  if (samples > SAMPLES_MAX) {
    const message = `\`${spec.sampleEvery}\` would give ${samples} rows; at most ${SAMPLES_MAX} are kept`;
    findings.error(findings.of(spec, 'sampleEvery'), 'too-many-samples', message);
  }
}

function resolveExpectations(lines: readonly string[], { findings }: ResolveContext): Expectation[] {
  const expectations: Expectation[] = [];
  for (const [index, line] of lines.entries()) {
    const parsed = parseExpectation(line);
    if (parsed.ok) expectations.push(parsed.value);
    else findings.error(findings.of(lines, index), 'bad-expectation', parsed.message, { hint: parsed.hint });
  }
  return expectations;
}
