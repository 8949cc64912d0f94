import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Actions, Card } from './card';
import { promoteIcon } from './icons';
import { IPromotions } from './tokens';

/** The list of promotions beside the notebook. */
export class PromotionsPanel extends ReactWidget {
  constructor(
    private readonly promotions: IPromotions,
    private readonly actions: Actions
  ) {
    super();
    this.id = 'proml-promotions';
    this.title.icon = promoteIcon;
    this.title.caption = 'Promotions';
    this.addClass('jp-ProMLPanel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'Promotions');
  }

  protected override render(): JSX.Element {
    return (
      <UseSignal signal={this.promotions.changed}>
        {() => <Listing promotions={this.promotions} actions={this.actions} />}
      </UseSignal>
    );
  }

  protected override onAfterShow(): void {
    this.promotions.refresh().catch(() => undefined); // the panel itself shows the problem
  }
}

function Listing(props: { promotions: IPromotions; actions: Actions }): JSX.Element {
  const { list, problem } = props.promotions;
  return (
    <>
      <h2 className="jp-ProMLPanel-title">Promotions</h2>
      {problem && (
        <p className="jp-ProMLPanel-problem" role="alert">
          {problem}
        </p>
      )}
      {list.length === 0 ? (
        <p className="jp-ProMLPanel-empty">
          None yet. Open a notebook and press <strong>Promote</strong> in its toolbar: it runs in a
          fresh kernel and becomes a versioned artifact.
        </p>
      ) : (
        <ul>
          {list.map(promotion => (
            <Card key={promotion.id} promotion={promotion} actions={props.actions} />
          ))}
        </ul>
      )}
    </>
  );
}
