import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification, showErrorMessage } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';

import { Actions } from './card';
import { promoteIcon } from './icons';
import { PromotionsModel } from './model';
import { PromotionsPanel } from './panel';
import { Promotion, Server, ServerError } from './server';
import { CommandIDs, IPromotions } from './tokens';

/** Shows what runs and what ended, in a panel at the right; it outlives the tab. */
export const promotions: JupyterFrontEndPlugin<IPromotions> = {
  id: 'proml-lab:promotions',
  description: 'Lists the promotions of this server, with progress, cancel and report.',
  autoStart: true,
  provides: IPromotions,
  requires: [IDocumentManager],
  optional: [ICommandPalette, ILayoutRestorer],
  activate
};

function activate(
  app: JupyterFrontEnd,
  documents: IDocumentManager,
  palette: ICommandPalette | null,
  restorer: ILayoutRestorer | null
): IPromotions {
  const model = new PromotionsModel(new Server(app.serviceManager.serverSettings));
  const panel = new PromotionsPanel(model, actions(app, documents, model));
  app.shell.add(panel, 'right', { rank: 700, type: 'Promotions' });
  restorer?.add(panel, panel.id);

  app.commands.addCommand(CommandIDs.showPromotions, {
    label: 'Show Promotions',
    caption: 'Show what is being promoted and what was',
    icon: promoteIcon,
    execute: () => app.shell.activateById(panel.id),
    describedBy: { args: { type: 'object', properties: {} } }
  });
  palette?.addItem({ command: CommandIDs.showPromotions, category: 'ProML' });

  model.ended.connect((_, promotion) => announce(app, panel, promotion));
  void app.restored.then(() => showRunning(app, panel, model));
  return model;
}

/** What was running when the page was closed or reloaded is shown again. */
async function showRunning(
  app: JupyterFrontEnd,
  panel: PromotionsPanel,
  model: PromotionsModel
): Promise<void> {
  await model.refresh().catch(() => undefined); // the panel shows the problem when opened
  if (model.list.some(promotion => promotion.status === 'running')) {
    app.shell.activateById(panel.id);
  }
}

/** The end of a promotion, told where the panel is out of sight. */
function announce(app: JupyterFrontEnd, panel: PromotionsPanel, promotion: Promotion): void {
  if (panel.isVisible || promotion.status === 'cancelled') {
    return;
  }
  const show = { label: 'Show', callback: () => app.shell.activateById(panel.id) };
  if (promotion.status === 'done') {
    Notification.success(`${promotion.name}@${promotion.version} is promoted.`, {
      actions: [show]
    });
  } else {
    Notification.error(`The promotion of ${promotion.path} failed.`, { actions: [show] });
  }
}

function actions(
  app: JupyterFrontEnd,
  documents: IDocumentManager,
  model: PromotionsModel
): Actions {
  const told = (task: Promise<void>): void => void task.catch(tell);
  return {
    cancel: promotion => told(model.cancel(promotion.id)),
    forget: promotion => told(model.forget(promotion.id)),
    openReport: promotion =>
      void app.commands.execute(CommandIDs.openReport, {
        id: promotion.id,
        title: `${promotion.name}@${promotion.version}`
      }),
    openNotebook: promotion =>
      told(model.partial(promotion.id).then(path => void documents.openOrReveal(path)))
  };
}

function tell(reason: unknown): void {
  const hint = reason instanceof ServerError && reason.hint ? `\nHint: ${reason.hint}` : '';
  const message = reason instanceof Error ? reason.message : String(reason);
  void showErrorMessage('Promotions', message + hint);
}
