#!/usr/bin/env bash
# A sweep on a real Slurm of one node: Debian's slurm-wlm, both daemons on loopback, everything in a folder of its own.
#
#     plan ─► sbatch the script that `sweep manifest slurm` prints ─► merge ─► the bytes of the sweep in one piece
#
# Root, because slurmd changes to the user of a job. Ends the two daemons that it has started, and nothing else.
set -euo pipefail
cd "$(dirname "$0")/../.."
for tool in slurmctld slurmd sbatch squeue; do
  command -v "$tool" >/dev/null || { echo "skipped: no $tool here (Debian: slurm-wlm)"; exit 3; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: not root"; exit 3; }
npm run --silent bundle

folder=$(mktemp -d)
repository=$PWD
daemons=()
cleanup() {
  for pid in "${daemons[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT

host=$(hostname -s)
export SLURM_CONF="$folder/slurm.conf"
mkdir -p "$folder"/{state,spool,bin}
cat >"$SLURM_CONF" <<END
ClusterName=pidsim
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/none
CredType=cred/none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SlurmUser=root
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=2000 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
slurmctld -D & daemons+=($!)
slurmd -D & daemons+=($!)
for _ in $(seq 60); do sinfo -h -o %t 2>/dev/null | grep -q idle && break; sleep 0.5; done
sinfo

# What the script calls.
printf '#!/bin/sh\nexec node %s/dist/cli.js "$@"\n' "$repository" >"$folder/bin/pidsim"
chmod +x "$folder/bin/pidsim"
export PATH="$folder/bin:$PATH"
cd "$folder"
sweep=("$repository/scenarios/helm-chart-2017.yaml" --vary node.pause=3.0,3.1 --set horizon=12h --replications 3)
pidsim sweep plan "${sweep[@]}" --shards 4 >plan.json
pidsim sweep manifest slurm plan.json >sweep.sh
job=$(sbatch --parsable --mem-per-cpu=400M sweep.sh)
echo "job $job"
for _ in $(seq 240); do [ -z "$(squeue -h -j "$job" 2>/dev/null)" ] && break; sleep 0.5; done
ls rows
pidsim sweep merge plan.json rows -o csv >merged.csv
pidsim sweep "${sweep[@]}" -o csv >whole.csv
cmp merged.csv whole.csv
cat merged.csv
echo "4 shards on Slurm give the bytes of one piece"
