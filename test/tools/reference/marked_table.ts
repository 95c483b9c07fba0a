/** Tables of the program within pages that people write: between two marks. @module */

/** The page with a table in place of what stands between the marks of its name. */
export function withTable(page: string, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name}: deno task reference -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new RangeError(`Cannot find "${begin}" and "${end}"`);
  return `${page.slice(0, from)}${begin}\n\n${table}\n\n${page.slice(to)}`;
}
