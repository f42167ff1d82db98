export { type Colour, canvas, draw } from './canvas.js';
export {
  contactSheet,
  inRows,
  type Sheet,
  type SheetCell,
  type SheetRow,
  shortName,
} from './contact-sheet.js';
export { secondsText, shortTime, signed, timesText } from './number-text.js';
export { drawText, textHeight, textWidth } from './pixel-font.js';
export { textTable } from './text-table.js';
