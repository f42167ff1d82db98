/**
 * Rows of text as a table for a terminal: the first column to the left, all others to the right, two blanks between.
 *
 * @param rows the first is the heading; all have the same number of cells
 */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  const [heading, ...body] = rows.map(line);
  return [heading, '-'.repeat(widths.reduce((sum, width) => sum + width + 2, -2)), ...body].join('\n');
}
