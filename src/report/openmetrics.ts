/** What a Prometheus would have scraped, as text for `promtool tsdb create-blocks-from openmetrics`. */
import type { Metered, Metric } from '../run/meter.js';
import { roundMicro } from '../text/figures.js';
import help from './openmetrics.json' with { type: 'json' };

/** `node_processes_pids`, and `pidsim_fork_refusals` of `pidsim_fork_refusals_total`. */
function familyOf(name: string): string {
  return name.replace(/_total$/, '');
}

/** `{condition="PIDPressure",node="a"}`; PromQL writes it so too. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  const escaped = (value: string): string =>
    value.replace(/["\\\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')}}`;
}

/**
 * Families by name, series by labels, samples by time. Runs need names of their own, or they would be one
 * series.
 *
 * @param startSeconds when the simulation begins, since 1970.
 */
export function openMetrics(runs: readonly Metered[], startSeconds = 0): string {
  const families = new Map<string, { text: string; metric: Metric; timesSeconds: number[] }[]>();
  for (const { timesSeconds, metrics } of runs) {
    for (const metric of metrics) {
      const family = familyOf(metric.name);
      const series = families.get(family) ?? [];
      series.push({ text: metric.name + labelsText(metric.labels), metric, timesSeconds });
      families.set(family, series);
    }
  }
  const lines: string[] = [];
  for (const [family, series] of [...families].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const kind = series[0].metric.name === family ? 'gauge' : 'counter';
    lines.push(`# HELP ${family} ${(help as Record<string, string>)[family]}`, `# TYPE ${family} ${kind}`);
    for (const { text, metric, timesSeconds } of series.sort((a, b) => (a.text < b.text ? -1 : 1)))
      for (const [at, value] of metric.values.entries())
        if (value !== undefined)
          lines.push(`${text} ${value} ${roundMicro(startSeconds + timesSeconds[at])}`);
  }
  return `${lines.join('\n')}\n# EOF\n`;
}
