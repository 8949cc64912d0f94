import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, showDialog } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import { addParametersCell, hasParametersCell } from './cell';
import { Answers, changes, defaults, PromoteForm } from './form';
import { promoteIcon } from './icons';
import { NotebookInfo, Server, ServerError } from './server';
import { CommandIDs, IPromotions } from './tokens';

/** The Promote button of the notebook toolbar (its place is in `schema/promote.json`). */
export const promote: JupyterFrontEndPlugin<void> = {
  id: 'proml-lab:promote',
  description: 'Promotes the current notebook: asks for parameters, starts it, shows progress.',
  autoStart: true,
  requires: [INotebookTracker, IPromotions],
  optional: [ICommandPalette],
  activate
};

function activate(
  app: JupyterFrontEnd,
  notebooks: INotebookTracker,
  promotions: IPromotions,
  palette: ICommandPalette | null
): void {
  const server = new Server(app.serviceManager.serverSettings);
  app.commands.addCommand(CommandIDs.promote, {
    label: 'Promote Notebook…',
    caption: 'Run this notebook in a fresh kernel and keep it as a versioned artifact',
    icon: promoteIcon,
    isEnabled: () => notebooks.currentWidget !== null,
    execute: async () => {
      const panel = notebooks.currentWidget;
      if (panel && (await promoteNotebook(panel, server, promotions))) {
        await app.commands.execute(CommandIDs.showPromotions);
      }
    },
    describedBy: { args: { type: 'object', properties: {} } }
  });
  palette?.addItem({ command: CommandIDs.promote, category: 'ProML' });
  notebooks.currentChanged.connect(() => app.commands.notifyCommandChanged(CommandIDs.promote));
}

/** Whether a promotion was started. */
async function promoteNotebook(
  panel: NotebookPanel,
  server: Server,
  promotions: IPromotions
): Promise<boolean> {
  try {
    await panel.context.ready;
    if (!hasParametersCell(panel)) {
      await offerParametersCell(panel);
      return false;
    }
    if (!(await saved(panel))) {
      return false;
    }
    return await askAndStart(await server.notebook(panel.context.path), promotions);
  } catch (reason) {
    await refuse(reason);
    return false;
  }
}

/** The form, again and again until it is accepted by the server or cancelled. */
async function askAndStart(info: NotebookInfo, promotions: IPromotions): Promise<boolean> {
  let answers: Answers = defaults(info);
  let refused: ServerError | null = null;
  for (;;) {
    const { button, value }: Dialog.IResult<Answers> = await showDialog<Answers>({
      title: 'Promote notebook',
      body: new PromoteForm(info, answers, refused),
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: 'Promote' })],
      focusNodeSelector: 'input'
    });
    if (!button.accept || !value) {
      return false;
    }
    answers = value;
    try {
      const parameters = changes(info, answers);
      await promotions.start({ path: info.path, name: answers.name, parameters });
      return true;
    } catch (reason) {
      refused = reason instanceof ServerError ? reason : new ServerError(String(reason), '');
    }
  }
}

/** A promotion runs the file: what is only on the screen must be saved first. */
async function saved(panel: NotebookPanel): Promise<boolean> {
  const { context } = panel;
  if (!context.model.dirty) {
    return true;
  }
  const { button } = await showDialog({
    title: 'Save the notebook first?',
    body: 'A promotion runs the saved file, and this notebook has changes that are not saved.',
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: 'Save and go on' })]
  });
  if (!button.accept) {
    return false;
  }
  await context.save();
  return !context.model.dirty; // Lab itself says why it could not be saved
}

async function offerParametersCell(panel: NotebookPanel): Promise<void> {
  const { button } = await showDialog({
    title: 'This notebook has no parameters cell',
    body:
      'A promotion needs one code cell with the tag "parameters". It holds the values that may ' +
      'change from one promotion to the next, such as a date or a seed. Add one now, edit its ' +
      'values, and press Promote again.',
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: 'Add a parameters cell' })]
  });
  if (button.accept) {
    addParametersCell(panel);
  }
}

async function refuse(reason: unknown): Promise<void> {
  const message = reason instanceof Error ? reason.message : String(reason);
  const hint = reason instanceof ServerError && reason.hint ? `\n\nHint: ${reason.hint}` : '';
  await showDialog({
    title: 'This notebook cannot be promoted',
    body: message + hint,
    buttons: [Dialog.okButton({ label: 'Close' })]
  });
}
