/** Which rows of a virtual grid are rendered. */

export interface Grid {
  columns: number;
  cellWidth: number;
  rowHeight: number;
}

/** Columns of about `wanted` pixels that fill a width, and rows for 16:9 images. */
export function gridFor(width: number, wanted: number, gap: number): Grid {
  const columns = Math.max(1, Math.floor((width + gap) / (wanted + gap)));
  const cellWidth = (width - gap * (columns - 1)) / columns;
  return { columns, cellWidth, rowHeight: Math.round((cellWidth * 9) / 16) + gap };
}

/** Index of the first rendered item and of the one after the last, with spare rows on both sides. */
export function visibleItems(
  grid: Grid,
  count: number,
  scrollTop: number,
  viewHeight: number,
  spare = 2,
): { first: number; last: number } {
  const firstRow = Math.max(0, Math.floor(scrollTop / grid.rowHeight) - spare);
  const lastRow = Math.ceil((scrollTop + viewHeight) / grid.rowHeight) + spare;
  return {
    first: Math.min(count, firstRow * grid.columns),
    last: Math.min(count, lastRow * grid.columns),
  };
}

export function heightOf(grid: Grid, count: number): number {
  return Math.ceil(count / grid.columns) * grid.rowHeight;
}

/** The target of an arrow key, within the list. */
export function stepIndex(grid: Grid, count: number, from: number, key: string): number | undefined {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -grid.columns,
    ArrowDown: grid.columns,
    Home: -count,
    End: count,
  };
  const step = steps[key];
  if (step === undefined || count === 0) return undefined;
  const to = from + step;
  if (Math.abs(step) !== count && (to < 0 || to >= count)) return from;
  return Math.min(count - 1, Math.max(0, to));
}
