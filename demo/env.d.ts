/** Files whose URL Vite provides. */
declare module '*?url' {
  const url: string;
  export default url;
}
