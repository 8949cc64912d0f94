import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IFrame, IThemeManager, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { promoteIcon } from './icons';
import { Server } from './server';
import { CommandIDs } from './tokens';

/** Opens an artifact's report in a tab of its own: no script runs in it, only its theme is set. */
export const report: JupyterFrontEndPlugin<void> = {
  id: 'proml-lab:report',
  description: 'Opens the report of a finished promotion in a sandboxed tab.',
  autoStart: true,
  optional: [ILayoutRestorer, IThemeManager],
  activate
};

function activate(
  app: JupyterFrontEnd,
  restorer: ILayoutRestorer | null,
  themes: IThemeManager | null
): void {
  const server = new Server(app.serviceManager.serverSettings);
  const isLight = (): boolean => !themes?.theme || themes.isLight(themes.theme);
  const url = (id: string): string => server.reportUrl(id, isLight() ? 'light' : 'dark');
  const tracker = new WidgetTracker<ReportTab>({ namespace: 'proml-report' });
  app.commands.addCommand(CommandIDs.openReport, {
    label: 'Open Report',
    execute: args => {
      const { id, title } = args as { id: string; title: string };
      const open = tracker.find(tab => tab.promotion.id === id);
      const tab = open ?? new ReportTab({ id, title }, url(id));
      if (!open) {
        app.shell.add(tab, 'main');
        void tracker.add(tab);
      }
      app.shell.activateById(tab.id);
    },
    describedBy: {
      args: {
        type: 'object',
        required: ['id', 'title'],
        properties: { id: { type: 'string' }, title: { type: 'string' } }
      }
    }
  });
  themes?.themeChanged.connect(() => {
    tracker.forEach(tab => {
      tab.mark(isLight());
    });
  });
  void restorer?.restore(tracker, {
    command: CommandIDs.openReport,
    args: tab => tab.promotion,
    name: tab => tab.promotion.id
  });
}

interface Shown extends ReadonlyPartialJSONObject {
  id: string;
  title: string;
}

class ReportTab extends MainAreaWidget<IFrame> {
  constructor(
    readonly promotion: Shown,
    url: string
  ) {
    const frame = new IFrame({ sandbox: ['allow-same-origin'], referrerPolicy: 'no-referrer' });
    frame.url = url;
    frame.node.querySelector('iframe')?.setAttribute('title', `Report of ${promotion.title}`);
    super({ content: frame });
    this.addClass('jp-ProMLReport');
    this.toolbar.hide();
    this.id = `proml-report-${promotion.id}`;
    this.title.label = promotion.title;
    this.title.caption = `Report of ${promotion.title}`;
    this.title.icon = promoteIcon;
    this.title.closable = true;
  }

  /** Tell the page of Lab's theme; loading it anew would lose the reader's place. */
  mark(light: boolean): void {
    const page = this.content.node.querySelector('iframe')?.contentDocument;
    page?.body.setAttribute('data-jp-theme-light', String(light));
  }
}
