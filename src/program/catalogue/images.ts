/** Which server of the catalogue an image runs as PID 1, by the image's well-known name (images.json). */
import images from './images.json' with { type: 'json' };

/** `docker.io/library/nginx:1.27@sha256:…` is called `nginx`. */
export function nameOfImage(image: string): string {
  return image.replace(/@.*$/, '').split('/').at(-1)!.split(':')[0];
}

/** A name of the library, or null: an entrypoint that is known becomes its server, or hands over to an init. */
export function serverOfImage(image: string): string | null {
  const name = nameOfImage(image);
  return Object.entries(images).find(([, names]) => names.split(' ').includes(name))?.[0] ?? null;
}
