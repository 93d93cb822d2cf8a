/** Which server of the catalogue an image runs as PID 1, by the image's well-known name (images.json). */
import images from './images.json' with { type: 'json' };

/** `docker.io/library/nginx:1.27@sha256:…` is called `nginx`. */
export function nameOfImage(image: string): string {
  return image.replace(/@.*$/, '').split('/').at(-1)!.split(':')[0];
}

/** What the image runs, as a command of the catalogue. Null: its name is not well known. */
export function serverOfImage(image: string): string | null {
  const name = nameOfImage(image);
  return Object.entries(images).find(([, names]) => names.split(' ').includes(name))?.[0] ?? null;
}
