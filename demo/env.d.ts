/** Files whose address Vite gives. */
declare module '*?url' {
  const url: string;
  export default url;
}
