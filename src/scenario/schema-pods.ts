/** Pods, containers and probes as a scenario file has them: Kubernetes' own words. */
import * as z from 'zod';
import { RESTART_POLICIES } from '../node/spec.js';
import { USERLANDS } from '../program/userland.js';
import { tellApart } from '../text/leaf.js';
import { nonEmpty, whole } from '../text/leaves.js';
import { isMapping } from '../text/value.js';
import { INT32_MAX, POD_COUNT_MAX } from './bounds.js';
import { type Leaves, part, rarePart } from './leaves.js';

function handlerShape(leaf: Leaves) {
  const port = z.union([z.int(), z.string()]).describe('Port, by number or name.');
  const unheeded = (text: string) => leaf.text.describe(`${text} It changes nothing here.`);
  return {
    exec: part('Run a command in the container. Only this kind of probe starts processes there.', {
      command: leaf.command.describe(
        'Command line. Its program is looked up by name in `programs:`, then in the catalogue.',
      ),
      program: leaf.program.describe('A program by its name, instead of a command.'),
    }),
    httpGet: rarePart('Send an HTTP request. Starts no process in the container.', () => ({
      path: unheeded('Path of the request.'),
      port,
      host: unheeded('Host to connect to.'),
      scheme: unheeded('HTTP or HTTPS.'),
      httpHeaders: z
        .array(z.unknown())
        .optional()
        .describe('Headers of the request. They change nothing here.'),
    })),
    tcpSocket: rarePart('Open a TCP connection. Starts no process in the container.', () => ({
      port,
      host: unheeded('Host to connect to.'),
    })),
    grpc: rarePart('Send a gRPC request. Starts no process in the container.', () => ({
      port,
      service: unheeded('Service asked for.'),
    })),
  };
}

export function probeSchemas(leaf: Leaves) {
  const seconds = (least: number) => whole(least, INT32_MAX);
  const handler = handlerShape(leaf);
  const times = {
    periodSeconds: seconds(1).describe('Interval between the starts of two runs.'),
    timeoutSeconds: seconds(1).describe('How long a run may take.'),
    failureThreshold: seconds(1).describe('Failures in a row until the kubelet acts.'),
  };
  const probe = z
    .strictObject({
      ...handler,
      initialDelaySeconds: seconds(0)
        .default(0)
        .describe('Age of the container before which the probe is not run.'),
      periodSeconds: times.periodSeconds.default(10),
      timeoutSeconds: times.timeoutSeconds.default(1),
      successThreshold: seconds(1)
        .default(1)
        .describe('Successes in a row after a failure. Must be 1 for liveness and startup.'),
      failureThreshold: times.failureThreshold.default(3),
    })
    .meta({ id: 'Probe', description: 'A kubelet probe, with one of exec, httpGet, tcpSocket, grpc.' });
  return { handler, times, probe };
}
export type ProbeSchemas = ReturnType<typeof probeSchemas>;

export type PodSchema = ReturnType<typeof podSchema>['pod'];

export function podSchema(leaf: Leaves, probes: ProbeSchemas) {
  const common = {
    count: whole(1, POD_COUNT_MAX)
      .default(1)
      .describe('Copies on this node. If there are several, they are called name-0, name-1, …'),
    pidMax: leaf.pidMax
      .optional()
      .describe('`kernel.pid_max` of the pod’s own PID namespace; kernel 6.14 or later. Default: 4194304.'),
    startAt: leaf.time.default('0s').describe('When the pod is created.'),
    stopAt: leaf.time.optional().describe('When the pod is deleted. Default: never.'),
  };
  const container = containerSchema(leaf, probes);
  const written = z.strictObject({
    name: leaf.podName.describe('Name of the pod, with its namespace if need be: `shop/web`.'),
    ...common,
    every: leaf.interval
      .optional()
      .describe(
        'A pod of this kind is created each time this has passed, as a CronJob does, first after the ' +
          'first such time. Default: one pod, at `startAt`.',
      ),
    lasts: leaf.interval
      .optional()
      .describe('Only with `every`: when a pod whose containers have not ended is deleted. Default: 1m.'),
    shareProcessNamespace: leaf.flag.describe(
      'true: one PID namespace for the pod, whose PID 1 is pause. false: one for each container, whose ' +
        'PID 1 is its entrypoint. Default: false, except for kubelet 1.7 with Docker 1.13.1 or later, ' +
        'which shares.',
    ),
    hostPID: leaf.off.describe(
      'The pod’s processes live in the host’s own PID namespace; its init adopts and reaps.',
    ),
    hostNetwork: leaf.off.describe('The pod uses the host’s network: no network plugin is run for it.'),
    sandbox: z
      .literal('none')
      .optional()
      .describe(
        '`none`: a plain `docker run`, without Kubernetes: no pause process and no kubelet. Exec probes ' +
          'are its health check. Default: a pod sandbox.',
      ),
    restartPolicy: z.enum(RESTART_POLICIES).default('Always').describe('What happens when a container ends.'),
    recreate: leaf.flag.describe(
      'true: it is made again on this node after an eviction, as a DaemonSet’s or a static pod is. ' +
        'Default: false: it goes elsewhere, or nowhere. From a manifest the kind decides.',
    ),
    terminationGracePeriodSeconds: whole(0, INT32_MAX)
      .default(30)
      .describe('Time between SIGTERM and SIGKILL.'),
    initContainers: z
      .array(container)
      .max(POD_COUNT_MAX)
      .default([])
      .describe(
        'Run one after another before the containers, each to its end. With `restartPolicy: Always` ' +
          '(kubelet 1.29) one is a sidecar: the next starts when it has started, and it runs on.',
      ),
    containers: z.array(container).min(1).max(POD_COUNT_MAX).describe('The containers of the pod.'),
  });
  const fromManifest = z.lazy(() =>
    z.strictObject({
      manifest: nonEmpty().describe(
        'Path of Kubernetes objects in YAML or JSON, relative to this file: pods, or anything with a pod ' +
          'template. Each is put on the node once, whatever `replicas` says; `count` tells how many of ' +
          'them this node has.',
      ),
      workload: leaf.program.describe(
        'Only this object of the manifest, or the pods that belong to it: `StatefulSet/queue`.',
      ),
      namespace: leaf.program.describe('Only what is in this namespace.'),
      node: leaf.nodeName.optional().describe('Only pods that the manifest says run on this node.'),
      ...common,
      containers: z
        .record(
          z.string(),
          z.strictObject({ program: nonEmpty().describe('Program that the container runs.') }),
        )
        .default({})
        .describe('What containers of the manifest run, by container name.'),
    }),
  );
  const schema = z
    .union([written, fromManifest])
    .meta({ id: 'Pod', description: 'A pod: written out, or read from a Kubernetes manifest.' });
  tellApart(schema, (value) => (isMapping(value) && 'manifest' in value ? 1 : 0));
  return { pod: schema, written };
}

function containerSchema(leaf: Leaves, { handler, probe }: ProbeSchemas) {
  return z
    .strictObject({
      name: leaf.name.describe('Name of the container.'),
      image: leaf.text.describe(
        'Its image. Where nothing else is said, it is assumed to run something quiet.',
      ),
      program: leaf.program.describe(
        'Program that it runs, from `programs:` or the catalogue: `rabbitmq-server`, `tini -- app`.',
      ),
      command: leaf.command.describe('Command line that it runs, instead of `program`.'),
      args: z.array(z.string()).optional().describe('Arguments after `command`.'),
      restartPolicy: z
        .enum(RESTART_POLICIES)
        .optional()
        .describe('What happens when this container ends. Default: as the pod has it.'),
      lifecycle: z
        .lazy(() => lifecycleSchema(handler))
        .optional()
        .describe('What the kubelet runs after its start and before its end.'),
      userland: z
        .enum(USERLANDS)
        .optional()
        .describe(
          'Whose programs the image has, which decides what `sh`, `timeout` and `wget` are: `debian` ' +
            '(dash, coreutils; Ubuntu too), `busybox` (Alpine), `rhel` (bash; Fedora, Amazon Linux). ' +
            'From the image if its name tells.',
        ),
      files: z
        .record(z.string(), z.string())
        .default({})
        .describe(
          'Scripts in it, by their paths: a command that runs one does what that says. Of a manifest: ' +
            'those of ConfigMaps that are mounted.',
        ),
      pidsLimit: leaf.pidsLimit
        .optional()
        .describe(
          '`pids.max` of its own cgroup, as `docker run --pids-limit`; -1 and 0 are no limit. Default: ' +
            '`node.runtime.containerPidsLimit`.',
        ),
      securityContext: part(
        'The user that it runs as. Default: root, to which RLIMIT_NPROC does not apply.',
        { runAsUser: leaf.uid.describe('The uid that its processes have.') },
      ),
      ulimits: leaf.ulimits
        .optional()
        .describe('Limits of its processes, as `docker run --ulimit`. Default: none.'),
      livenessProbe: probe.optional().describe('When it fails, the kubelet restarts the container.'),
      readinessProbe: probe
        .optional()
        .describe('When it fails, the pod gets no traffic. Nothing is restarted.'),
      startupProbe: probe.optional().describe('Until it has succeeded once, the other probes wait.'),
      execs: z
        .array(z.lazy(() => execSchema(leaf)))
        .default([])
        .describe('Execs that are no probes: `kubectl exec` or `docker exec` of people, scripts, agents.'),
    })
    .meta({ id: 'Container', description: 'A container, in the words of a pod’s manifest.' });
}

function execSchema(leaf: Leaves) {
  return z
    .strictObject({
      every: leaf.interval.describe(
        'Interval between two starts. One that still runs does not keep the next from starting.',
      ),
      startAt: leaf.time
        .optional()
        .describe('Time of the first start. Default: when `every` has passed once.'),
      command: leaf.command.describe('Command line.'),
      program: leaf.program.describe('A program by its name, instead of a command.'),
    })
    .meta({
      id: 'Exec',
      description: 'An exec into the container, again and again, with `command` or `program`.',
    });
}

/** A hook does one thing, as a probe does; `sleep` (1.30) waits and starts no process. */
function lifecycleSchema({ exec, httpGet, tcpSocket }: ReturnType<typeof handlerShape>) {
  const hook = z
    .strictObject({
      exec,
      httpGet,
      tcpSocket,
      sleep: part('Wait. Starts no process in the container.', {
        seconds: whole(0, INT32_MAX).describe('For how long.'),
      }),
    })
    .meta({ id: 'Hook', description: 'A lifecycle hook, with one of exec, httpGet, tcpSocket, sleep.' });
  return z.strictObject({
    postStart: hook
      .optional()
      .describe(
        'Run as soon as the container has started; no probe runs before it has ended. If it fails, the ' +
          'container is killed.',
      ),
    preStop: hook.optional().describe('Run before SIGTERM, within the grace period.'),
  });
}
