/** The script of the engine's worker, made by the build of the page: gzip, in base64. */
declare module 'virtual:packed-engine' {
  const packed: string;
  export default packed;
}
