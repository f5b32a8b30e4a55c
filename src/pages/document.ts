// What all pages have in common: the head with the icon and the style. A page is one document: nothing is fetched for it.

import { escapeHtml } from "./html.ts";

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%230b6e4f'/%3E%3Cpath d='M4 12V4l4 5 4-5v8' fill='none' stroke='%23fff' stroke-width='2'/%3E%3C/svg%3E";

/** Everything before the body's content. The title is plain text. */
export function openDocument(title: string, style: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${ICON}">
<style>${style}</style>
</head>
<body>
`;
}

/** Everything behind it; null for a page without a script. */
export function closeDocument(script: string | null): string {
  return (script === null ? "" : `<script>${script}</script>\n`) + "</body>\n</html>\n";
}
