// placeholder until the page arrives
export type SortKey = "name" | "size" | "modified";
export interface ListedEntry { readonly name: string; readonly type: "file" | "directory"; readonly size: number; readonly modified: number; }
export interface UploadTerms { readonly maxBodyBytes: number; readonly onDuplicate: "overwrite" | "error" | "rename"; }
export interface DirectoryView { readonly segments: readonly string[]; readonly entries: readonly ListedEntry[]; readonly total: number; readonly sort: SortKey; readonly descending: boolean; readonly filter: string; readonly upload: UploadTerms | null; }
export const DIRECTORY_POLICY = "default-src 'none'";
export function directoryPage(view: DirectoryView): string { return view.entries.map((e) => `<a href="./${encodeURIComponent(e.name)}${e.type === "directory" ? "/" : ""}">x</a>`).join("\n"); }
