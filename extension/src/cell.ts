import { NotebookPanel } from '@jupyterlab/notebook';

const TAG = 'parameters';

const EXAMPLE = `# What a promotion may change: name: type = default  # what it means
seed: int = 7  # fixes what is random`;

/** Whether a code cell is tagged `parameters`. */
export function hasParametersCell(panel: NotebookPanel): boolean {
  return panel.content.widgets.some(
    ({ model }) => model.type === 'code' && tags(model.getMetadata('tags')).includes(TAG)
  );
}

/** Put an example before the first code cell, select it, and leave the rest to the reader. */
export function addParametersCell(panel: NotebookPanel): void {
  const { content } = panel;
  const first = content.widgets.findIndex(cell => cell.model.type === 'code');
  const index = first < 0 ? content.widgets.length : first;
  content.model?.sharedModel.insertCell(index, {
    cell_type: 'code',
    source: EXAMPLE,
    metadata: { tags: [TAG] }
  });
  content.activeCellIndex = index;
  content.mode = 'edit';
  void content.scrollToItem(index);
}

function tags(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
