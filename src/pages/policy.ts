// What a page of ours may do: run its own style and script, which are known by their hashes, and nothing else.

/**
 * The Content-Security-Policy (CSP 3) of pages made of these styles and scripts, each in an element of its own. `data:`
 * is for icons; scripts may ask the server that the page comes from. No frame may hold the page. `showsFiles`: the page
 * shows files of the server in place.
 */
export function pagePolicy(styles: readonly string[], scripts: readonly string[], showsFiles = false): string {
  const directives = ["default-src 'none'", "style-src " + hashesOf(styles)];
  if (scripts.length > 0) directives.push("script-src " + hashesOf(scripts), "connect-src 'self'");
  const images = showsFiles ? "img-src data: 'self'" : "img-src data:";
  if (showsFiles) directives.push("media-src 'self'", "frame-src 'self'");
  directives.push(images, "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'");
  return directives.join("; ");
}

/** The sources of a directive that lets these inline texts in, and no others. */
export function hashesOf(texts: readonly string[]): string {
  return texts.map((text) => `'sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}'`).join(" ");
}
