/**
 * What a Prometheus would have scraped of the node: the counts of node_exporter, of cAdvisor in the kubelet
 * and of kube-state-metrics, each as that exporter counts; and ours. Pinned PIDs are in none but ours.
 */
import { type CgroupId, NONE } from '../kernel/kernel.js';
import type { Node } from '../node/node.js';
import type { RunObserver } from './observer.js';
import { READING_COLUMNS, type RunEvent, type TimelineRow } from './result.js';

/** A series; of a moment at which the exporter had nothing to say there is no value. */
export interface Metric {
  name: string;
  labels: Record<string, string>;
  values: (number | undefined)[];
}

export interface Metered {
  timesSeconds: number[];
  metrics: Metric[];
}

/** What only grows: its name ends in `_total`. */
const TOTALS = /^(probe_|fork_|ssh_|pods_(created|create_failed|deleted|delete_stuck))/;

export class Meter implements RunObserver {
  readonly #times: number[] = [];
  readonly #metrics = new Map<string, Metric>();
  #isKubeletHeard = true;

  constructor(
    private readonly node: Node,
    private readonly name: string,
  ) {}

  /** Only while the kubelet does not report is the condition unknown; without a runtime it reports. */
  moment({ kind, detail }: RunEvent): void {
    if (kind === 'node-ready') this.#isKubeletHeard = true;
    else if (kind === 'node-not-ready') this.#isKubeletHeard = !detail.startsWith('kubelet');
  }

  row(row: TimelineRow): void {
    if (this.#times.at(-1) === row.time_s) {
      this.#times.pop();
      for (const { values } of this.#metrics.values())
        values.length = Math.min(values.length, this.#times.length);
    }
    this.#times.push(row.time_s);
    this.#readExporters();
    for (const column of READING_COLUMNS)
      if (column !== 'time_s')
        this.#put(`pidsim_${column}${TOTALS.test(column) ? '_total' : ''}`, { node: this.name }, row[column]);
  }

  get metered(): Metered {
    return { timesSeconds: this.#times, metrics: [...this.#metrics.values()] };
  }

  #readExporters(): void {
    const { context, kubelet } = this.node;
    const { kernel } = context;
    const { processes, defunct, live } = kernel.census();
    const exporter = { instance: `${this.name}:9100`, job: 'node-exporter' };
    // Published rules multiply by it, to have the name of the node among the labels.
    this.#put('node_uname_info', { ...exporter, nodename: this.name, sysname: 'Linux' }, 1);
    this.#put('node_processes_pids', exporter, processes);
    this.#put('node_processes_threads', exporter, kernel.taskCount());
    this.#put('node_processes_max_processes', exporter, kernel.pidMax());
    this.#put('node_processes_max_threads', exporter, kernel.threadsMax);
    // Of a state that no process is in node_exporter has no series.
    if (processes > defunct)
      this.#put('node_processes_state', { ...exporter, state: 'S' }, processes - defunct);
    if (defunct > 0) this.#put('node_processes_state', { ...exporter, state: 'Z' }, defunct);
    for (const { name, current } of kubelet.slots)
      if (current !== null && current.sandbox.cgroup !== NONE) this.#readPod(name, current, live);
    if (context.host.kubelet === null) return;
    const status = !this.#isKubeletHeard ? 'unknown' : kubelet.admits ? 'false' : 'true';
    for (const each of ['true', 'false', 'unknown'])
      this.#put(
        'kube_node_status_condition',
        { condition: 'PIDPressure', job: 'kube-state-metrics', node: this.name, status: each },
        each === status ? 1 : 0,
      );
  }

  /**
   * cAdvisor: the lines of cgroup.procs, in which no zombie stands (K36), and pids.current, in which all do
   * (K34). Rules leave out the pod's own group by `image!=""`; names of images are not simulated, so `image`
   * is the container's name.
   */
  #readPod(
    name: string,
    { sandbox, containers }: NonNullable<Node['kubelet']['slots'][number]['current']>,
    live: ReadonlyMap<CgroupId, number>,
  ): void {
    const { kernel } = this.node.context;
    const slash = name.indexOf('/');
    const base = { job: 'kubelet', namespace: slash < 0 ? 'default' : name.slice(0, slash), node: this.name };
    const put = (container: string, processes: number, threads: number): void => {
      const labels = {
        ...(container === '' ? {} : { container, image: container }),
        ...base,
        pod: name.slice(slash + 1),
      };
      this.#put('container_processes', labels, processes);
      this.#put('container_threads', labels, threads);
    };
    const all = kernel.pidsCurrent(sandbox.cgroup);
    let rest = all;
    for (const { runtime } of containers) {
      if (runtime.cgroup === NONE) continue;
      const threads = kernel.pidsCurrent(runtime.cgroup);
      rest -= threads;
      put(runtime.name, live.get(runtime.cgroup) ?? 0, threads);
    }
    put('POD', live.get(sandbox.cgroup) ?? 0, rest);
    // The pod's own cgroup: its processes are all in groups below.
    put('', 0, all);
  }

  #put(name: string, labels: Record<string, string>, value: number): void {
    const { state, status, namespace, pod, container } = labels;
    const key = `${name} ${state ?? status ?? ''} ${namespace}/${pod} ${container}`;
    let metric = this.#metrics.get(key);
    if (metric === undefined) this.#metrics.set(key, (metric = { name, labels, values: [] }));
    metric.values[this.#times.length - 1] = value;
  }
}
