/**
 * The network of a pod (R50): the runtime runs a CNI plugin when a pod comes and when it goes, and the plugin
 * runs others and iptables. Where the plugin cannot be run, there is no pod, or it stays `Terminating`.
 *
 * The docker of a kubelet up to 1.23 starts the pause process first and the plugin after it. Both ways need
 * as many PIDs at once, and the model has one order: the plugin first, as containerd and CRI-O do.
 */
import type { CommId, OriginId, TaskId } from '../../kernel/kernel.js';
import { US_PER_MS } from '../../sim/time.js';
import type { NodeContext } from '../context.js';
import type { NetworkPluginName } from '../spec.js';
import type { RuncCallKind, RuncCalls } from './runc.js';

interface NetworkPlugin {
  /**
   * Tasks at once: the plugin's, and those of the plugin for addresses and of iptables that it runs one after
   * another.
   */
  addTaskCount: number;
  deleteTaskCount: number;
}

/**
 * Of containernetworking-plugins 1.1.1 with host-local and `ipMasq`, on Linux 6.18: with so many PIDs free
 * each worked in 6 of 6 tries, with two fewer in none or one.
 */
const PLUGINS: Readonly<Record<Exclude<NetworkPluginName, 'none'>, NetworkPlugin>> = {
  bridge: { addTaskCount: 12, deleteTaskCount: 11 },
  ptp: { addTaskCount: 10, deleteTaskCount: 11 },
};

/** Measured: 40 to 160 ms on a machine that has nothing else to do. */
const LASTS_US = 100 * US_PER_MS;

export class PodNetworks {
  private readonly plugin: NetworkPlugin | null;
  private readonly comm: CommId;

  constructor(
    context: NodeContext,
    private readonly runc: RuncCalls,
  ) {
    const { networkPlugin, name } = context.spec.runtime;
    this.plugin = networkPlugin === 'none' || name === 'bare' ? null : PLUGINS[networkPlugin];
    this.comm = context.kernel.comm(networkPlugin);
  }

  /** Does a plugin make the network of a pod that has one of its own? */
  get hasPlugin(): boolean {
    return this.plugin !== null;
  }

  /** Begins to run the plugin; `done` is told at the end. False: a fork was refused. */
  run(
    command: 'add' | 'delete',
    parent: TaskId,
    origin: OriginId,
    done: RuncCallKind,
    owner: number,
  ): boolean {
    const { addTaskCount, deleteTaskCount } = this.plugin!;
    const taskCount = command === 'add' ? addTaskCount : deleteTaskCount;
    return this.runc.startTool(done, owner, parent, {
      comm: this.comm,
      origin,
      taskCount,
      lastsUs: LASTS_US,
    });
  }
}
