/** Which columns a narrow table shows: the first ones, as many as fit; a row's card has all of them. */

/** Width of the box that chooses a row, and of the button that opens its card, px. */
export const SELECT_PX = 36;
export const MORE_PX = 44;

/** A column of words is still of use when it is this narrow, px. */
const SQUEEZED_PX = 110;

/** Return the columns that fit into `room` px beside the button: the first always, and the last may be narrowed. */
export function keyColumns<Column extends { width: number; numeric?: boolean }>(
  columns: readonly Column[],
  room: number,
): Column[] {
  const shown: Column[] = [];
  let left = room - MORE_PX;
  for (const column of columns) {
    const isFirst = shown.length === 0;
    if (column.width > left && !isFirst && (left < SQUEEZED_PX || column.numeric)) break;
    const width = Math.min(column.width, left);
    shown.push({ ...column, width });
    left -= width;
    if (width < column.width) break;
  }
  return shown;
}
