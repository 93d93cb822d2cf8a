/** What each chapter shows, and what can be changed in it. Its text is in index.html. */
import incident from '../../scenarios/rabbitmq-pause-3.0.yaml?raw';
import chapters from './chapters/chapters.json' with { type: 'json' };
import controls from './chapters/controls.json' with { type: 'json' };
import defunct from './chapters/defunct.yaml?raw';
import docker from './chapters/docker.yaml?raw';
import orphan from './chapters/orphan.yaml?raw';
import pause from './chapters/pause.yaml?raw';

const WORLDS = { defunct, docker, incident, orphan, pause };

/** Several settings to choose from; the first is as the scenario has it. */
interface Control {
  name: string;
  label: string;
  choices: { value: string; label: string; set: string[] }[];
}

export interface Chapter {
  id: string;
  yaml: string;
  /** From whose inside it is seen at first; null: from the node. */
  pod: string | null;
  /** Its transitions are few: each is a frame, and the table is that of the pod. */
  isSmall: boolean;
  /** Two worlds on one clock: what is set in each. */
  sides: { title: string; set: string[] }[];
  controls: Control[];
  /** Where it begins, and how fast it is played. */
  startUs: number;
  speed: number;
}

type Given = Partial<Omit<Chapter, 'id'>> & { world: keyof typeof WORLDS };

export const CHAPTERS: Chapter[] = Object.entries(chapters as Record<string, Given>).map(([id, given]) => ({
  pod: null,
  isSmall: false,
  sides: [{ title: '', set: [] }],
  controls: (controls as Record<string, Control[]>)[id] ?? [],
  startUs: 0,
  speed: given.isSmall ? 1 : 100,
  ...given,
  id,
  yaml: WORLDS[given.world],
}));
