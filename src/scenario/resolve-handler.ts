/** What a probe or a hook does: a command in the container, or a request from outside. */
import type { ProbeAction } from '../node/spec.js';
import type { Userland } from '../program/userland.js';
import type { ResolveContext } from './context.js';
import type { HandlerSource } from './schema.js';

export const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'] as const;

/** What a probe or a hook does. Undefined: nothing is said; null: what is said is wrong, and reported. */
export function resolveAction(
  source: Partial<HandlerSource> & object,
  { findings, programs }: ResolveContext,
  userland: Userland | null = null,
): ProbeAction | null | undefined {
  const given = HANDLERS.filter((handler) => source[handler] !== undefined);
  if (given.length > 1) {
    const message = `a probe does one thing: \`${given[0]}\` or \`${given[1]}\``;
    findings.error(findings.of(source, given[1]), 'conflict', message, { aim: 'key' });
  }
  const [how] = given;
  if (how === undefined) return undefined;
  if (how !== 'exec') return { kind: 'network', how };
  const { command, program } = source.exec!;
  const place = findings.of(source.exec!);
  if (command !== undefined && program !== undefined) {
    findings.error(
      findings.of(source.exec!, 'program'),
      'conflict',
      'either `command` or `program`, not both',
      { aim: 'key' },
    );
    return null;
  }
  if (command === undefined && program === undefined) {
    if (findings.isInvalid(source.exec!)) return null;
    findings.error(place, 'missing-key', 'nothing says what is executed', {
      hint: 'Add `command:` or `program:`.',
    });
    return null;
  }
  const resolved =
    command === undefined
      ? programs.named(program!, findings.of(source.exec!, 'program'), userland)
      : programs.ofCommand(command, findings.of(source.exec!, 'command'), { userland });
  return resolved && { kind: 'exec', program: resolved };
}
