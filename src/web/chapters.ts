/** What each chapter shows, and what can be changed in it. Its text is in index.html, its world in a scenario. */
import incident from '../../scenarios/rabbitmq-pause-3.0.yaml?raw';
import controls from './chapters/controls.json' with { type: 'json' };
import defunct from './chapters/defunct.yaml?raw';
import docker from './chapters/docker.yaml?raw';
import orphan from './chapters/orphan.yaml?raw';
import pause from './chapters/pause.yaml?raw';

/** Several settings to choose from; the first is as the scenario has it. */
export interface Control {
  name: string;
  label: string;
  choices: { value: string; label: string; set: string[] }[];
}

export interface Chapter {
  id: string;
  title: string;
  yaml: string;
  /** From whose inside it is seen at first; null: from the node. */
  pod: string | null;
  /** Whose PIDs the table shows. */
  tableOf: 'node' | 'pod';
  /** Its transitions are few: each is a frame, and nothing else is shown. */
  isSmall: boolean;
  /** Two worlds on one clock: what is set in each. */
  sides: { title: string; set: string[] }[];
  controls: Control[];
  /** Where it begins. */
  startUs: number;
}

type Given = Pick<Chapter, 'id' | 'title' | 'yaml'> & Partial<Chapter>;

function chapter(given: Given): Chapter {
  return {
    pod: null,
    isSmall: false,
    tableOf: given.isSmall === true ? 'pod' : 'node',
    sides: [{ title: '', set: [] }],
    controls: (controls as Record<string, Control[]>)[given.id] ?? [],
    startUs: 0,
    ...given,
  };
}

const HOUR_US = 3_600_000_000;

export const CHAPTERS: Chapter[] = [
  chapter({ id: 'defunct', title: 'Defunct', yaml: defunct, pod: 'demo', isSmall: true }),
  chapter({ id: 'wait', title: 'Wait', yaml: defunct, pod: 'demo', isSmall: true }),
  chapter({ id: 'orphan', title: 'Orphan and init', yaml: orphan, pod: 'demo', isSmall: true }),
  chapter({ id: 'docker', title: 'docker run, tini', yaml: docker, pod: 'app' }),
  chapter({
    id: 'pause',
    title: 'pause 3.0 and 3.1',
    yaml: pause,
    pod: 'rabbitmq',
    sides: [
      { title: 'pause 3.0', set: [] },
      { title: 'pause 3.1', set: ['node.pause=3.1'] },
    ],
  }),
  chapter({ id: 'hidden', title: 'The hidden half', yaml: incident, pod: 'rabbitmq' }),
  chapter({ id: 'full', title: 'Full', yaml: incident, pod: 'rabbitmq', startUs: 26 * HOUR_US }),
  chapter({ id: 'sandbox', title: 'Sandbox', yaml: docker }),
];
