/** Name → path of every file; the reason where a package cannot be had. */
export function realWeights(): { readonly files?: Readonly<Record<string, string>>; readonly absent?: string };
