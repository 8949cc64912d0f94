import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

type Cell = NotebookPanel['content']['widgets'][number];

/** What a widget asks for: `code` in a cell of its own below it; `slot` tells such cells apart. */
interface Asked {
  code: string;
  slot: string;
}

const EVENT = 'proml:insert';
/** In a cell's metadata: the code that was written, and for which slot of which cell's widget. */
const MARK = 'proml_insert';

/** Writes code that a widget offers into the notebook; an event that was heard is prevented. */
export const insert: JupyterFrontEndPlugin<void> = {
  id: 'proml-lab:insert',
  description: 'Writes the code of the feature browser into a cell below it.',
  autoStart: true,
  requires: [INotebookTracker],
  activate
};

function activate(_: JupyterFrontEnd, notebooks: INotebookTracker): void {
  document.addEventListener(EVENT, event => {
    const { target } = event;
    const asked = event instanceof CustomEvent ? read(event.detail) : null;
    if (asked === null || !(target instanceof Node)) {
      return;
    }
    const panel = notebooks.find(({ content }) => content.node.contains(target));
    const cell = panel?.content.widgets.find(({ node }) => node.contains(target));
    if (panel && cell && write(panel, cell, asked)) {
      event.preventDefault();
    }
  });
}

function read(detail: unknown): Asked | null {
  if (typeof detail !== 'object' || detail === null || !('code' in detail && 'slot' in detail)) {
    return null;
  }
  const { code, slot } = detail;
  return typeof code === 'string' && code && typeof slot === 'string' ? { code, slot } : null;
}

/**
 * Go to the cell with that code, and make it if there is none; whether that could be done.
 *
 * A cell that was written for the same slot before, and that nobody has edited since, is
 * written anew.
 */
function write(panel: NotebookPanel, cell: Cell, { code, slot }: Asked): boolean {
  const { content } = panel;
  const shared = content.model?.sharedModel;
  if (!shared || content.model?.readOnly) {
    return false;
  }
  const mark = { of: `${cell.model.id} ${slot}`, code };
  const index = content.widgets.findIndex(other => isOurs(other, mark.of));
  const there = content.widgets[index];
  if (there) {
    there.model.sharedModel.setSource(code);
    there.model.setMetadata(MARK, mark);
  }
  const place = there ? index : content.widgets.indexOf(cell) + 1;
  if (!there) {
    shared.insertCell(place, { cell_type: 'code', source: code, metadata: { [MARK]: mark } });
  }
  content.activeCellIndex = place;
  content.mode = 'command';
  content.activate();
  void content.scrollToItem(place);
  return true;
}

/** Whether a cell was written for that slot, and is still as it was written. */
function isOurs({ model }: Cell, slot: string): boolean {
  const mark: unknown = model.getMetadata(MARK);
  return (
    typeof mark === 'object' &&
    mark !== null &&
    'of' in mark &&
    mark.of === slot &&
    'code' in mark &&
    mark.code === model.sharedModel.getSource()
  );
}
