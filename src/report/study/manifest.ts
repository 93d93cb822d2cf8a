/** What existing engines need to do the shards of a plan: pidsim is their guest. */

import { quoted } from '../message.js';

/** Exit code 2: the plan or its shard is wrong, and trying again will not help. */
const USAGE = 2;
const TRIES = 3;

/** An Indexed Job (1.29: per-index back-off). The plan is a ConfigMap; rows go to a shared volume. */
export function jobManifest(_plan: string, shards: number): string {
  return `# kubectl create configmap pidsim-plan --from-file=plan.json
# and a volume claim pidsim-rows that all pods can write
apiVersion: batch/v1
kind: Job
metadata: {name: pidsim-sweep}
spec:
  completionMode: Indexed
  completions: ${shards}
  parallelism: ${Math.min(shards, 20)}
  backoffLimitPerIndex: ${TRIES}
  podFailurePolicy:
    rules:
      - action: FailJob
        onExitCodes: {containerName: shard, operator: In, values: [${USAGE}]}
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: shard
          image: IMAGE # one that has pidsim in its path
          command: [pidsim, sweep, run, /plan/plan.json, --dir, /rows]
          resources: {requests: {cpu: "1", memory: 512Mi}, limits: {memory: 1Gi}}
          volumeMounts:
            - {name: plan, mountPath: /plan}
            - {name: rows, mountPath: /rows}
      volumes:
        - {name: plan, configMap: {name: pidsim-plan}}
        - {name: rows, persistentVolumeClaim: {claimName: pidsim-rows}}
`;
}

export function slurmScript(plan: string, shards: number): string {
  return `#!/bin/sh
# sbatch this; when all tasks are done: pidsim sweep merge ${plan} rows
#SBATCH --job-name=pidsim-sweep
#SBATCH --array=0-${shards - 1}
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=1G
exec pidsim sweep run ${quoted(plan)} --dir rows --threads 1
`;
}
