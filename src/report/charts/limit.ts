/** One limit below the node's, and what counts against it: the limit that refuses, or comes within reach. */
import { harmsOf } from '../../run/harm.js';
import { type Harm, LIMITED, type Limited, type RunResult } from '../../run/result.js';
import { limitWords } from '../harm-words.js';
import { limitHeadline, limitSubtitle, usableLabel } from '../titles.js';
import { levelOf, levelScale, limitLabels, limitLayers, REACH } from './level.js';
import { counted, hoverLayer } from './marks.js';
import { type ChartSpec, COLOURS, chart, countAxis, quantity } from './theme.js';
import { momentLayers, PLOT_WIDTH, placeMoments, timeEncoding, timeFrame, timelineRows } from './time.js';

const HEIGHT = 220;
const AXES: Partial<Record<Limited, string>> = { namespace: 'PIDs in use', user: 'Tasks of the user' };

/** Which limit there is something to say of; null: none is near. */
export function limitToTell(result: RunResult): Limited | null {
  const { timeline } = result;
  const isSet = (of: Limited): boolean => timeline[`${of}_pids_max`].some((max) => max > 0);
  const refused = harmsOf(result)
    .flatMap((harm) => limitedOf(harm) ?? [])
    .filter(isSet);
  if (refused.length > 0) return refused[0];
  const inReach = LIMITED.filter((of) =>
    timeline[`${of}_pids_max`].some((max, row) => max > 0 && timeline[`${of}_pids`][row] > REACH * max),
  );
  return inReach[0] ?? null;
}

function limitedOf({ kind, scope, limit }: Harm): Limited | null {
  if (kind !== 'refused' || scope === 'node') return null;
  if (scope === 'pod' && limit?.name === 'pid_max') return 'namespace';
  return scope === 'all-pods' ? 'all_pods' : scope;
}

export function limitTitle(result: RunResult): string {
  return limitHeadline(result, limitToTell(result)!);
}

export function limitChart(result: RunResult): ChartSpec {
  const of = limitToTell(result)!;
  const [used, max] = [`${of}_pids`, `${of}_pids_max`] as const;
  const frame = timeFrame(result);
  const moments = placeMoments(result, frame);
  const x = timeEncoding(result, frame);
  const words = (value: number): string =>
    of === 'namespace'
      ? usableLabel()
      : limitWords({ name: of === 'user' ? 'RLIMIT_NPROC' : 'pids.max', value });
  const level = levelOf(result, frame, [used], { column: max, words });
  const y = quantity(used, {
    scale: levelScale(level),
    axis: { title: AXES[of] ?? 'pids.current', ...countAxis(level.top) },
  });
  return chart(limitHeadline(result, of), limitSubtitle(of), {
    width: PLOT_WIDTH,
    height: HEIGHT,
    ...timelineRows(result, frame, [used, max]),
    layer: [
      {
        mark: { type: 'area', color: COLOURS.live, opacity: 0.35, clip: true, aria: false },
        encoding: { x, y },
      },
      { mark: { type: 'line', color: COLOURS.live, clip: true, aria: false }, encoding: { x, y } },
      ...limitLayers(level, x),
      ...momentLayers(moments, frame),
      ...limitLabels(level),
      hoverLayer(frame, x, [`${counted(used, 'of ')} + ${counted(max, '')}`]),
    ],
  });
}
