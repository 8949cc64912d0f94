/** How one promotion looks. Pure: everything shown comes from the properties. */
import * as React from 'react';

import { Failure, Promotion } from './server';
import { duration, percent } from './words';

export interface Actions {
  cancel(promotion: Promotion): void;
  forget(promotion: Promotion): void;
  openReport(promotion: Promotion): void;
  openNotebook(promotion: Promotion): void;
}

const STATES: Readonly<Record<Promotion['status'], readonly [sign: string, word: string]>> = {
  running: ['▸', 'Running'],
  done: ['✓', 'Done'],
  failed: ['✕', 'Failed'],
  cancelled: ['–', 'Cancelled'],
  lost: ['?', 'Ended without a result']
};

export function Card(props: { promotion: Promotion; actions: Actions }): JSX.Element {
  const { promotion, actions } = props;
  const [sign, word] = STATES[promotion.status];
  const title =
    promotion.version === null ? promotion.name : `${promotion.name}@${promotion.version}`;
  return (
    <li className={`jp-ProMLCard jp-mod-${promotion.status}`} aria-label={`${title}: ${word}`}>
      <div className="jp-ProMLCard-head">
        <strong className="jp-ProMLCard-name">{title}</strong>
        <span className="jp-ProMLCard-state">
          <span aria-hidden="true">{sign}</span> {word}
        </span>
      </div>
      <div className="jp-ProMLCard-path" title={promotion.path}>
        {promotion.path}
      </div>
      <Settings parameters={promotion.parameters} />
      {promotion.status === 'running' && <Progress promotion={promotion} />}
      {promotion.status === 'done' && (
        <p className="jp-ProMLCard-note">Took {duration(promotion.elapsed_s)}.</p>
      )}
      {promotion.failure && <Reason failure={promotion.failure} />}
      <Buttons promotion={promotion} actions={actions} />
    </li>
  );
}

function Settings(props: { parameters: Promotion['parameters'] }): JSX.Element | null {
  const entries = Object.entries(props.parameters);
  return entries.length === 0 ? null : (
    <div className="jp-ProMLCard-settings">
      {entries.map(([name, value]) => (
        <code key={name}>
          {name}={value}
        </code>
      ))}
    </div>
  );
}

function Progress(props: { promotion: Promotion }): JSX.Element {
  const { name, fraction, text, elapsed_s, left_s } = props.promotion;
  const left = left_s === null ? '' : ` · about ${duration(left_s)} left`;
  return (
    <>
      <div className="jp-ProMLCard-progress">
        <progress max={1} value={fraction} aria-label={`Progress of ${name}`} />
        <span className="jp-ProMLCard-percent">{percent(fraction)}</span>
      </div>
      <p className="jp-ProMLCard-note">{text || 'starting'}</p>
      <p className="jp-ProMLCard-note jp-mod-quiet">
        {duration(elapsed_s)}
        {left}
      </p>
    </>
  );
}

function Reason(props: { failure: Failure }): JSX.Element {
  const { message, hint, excerpt } = props.failure;
  return (
    <div className="jp-ProMLCard-reason">
      <p role="alert">{message}</p>
      {excerpt && (
        <pre tabIndex={0} aria-label="Where it failed">
          {excerpt}
        </pre>
      )}
      {hint && <p className="jp-mod-quiet">{hint}</p>}
    </div>
  );
}

function Buttons(props: { promotion: Promotion; actions: Actions }): JSX.Element {
  const { promotion, actions } = props;
  if (promotion.status === 'running') {
    return (
      <div className="jp-ProMLCard-buttons">
        <Cancel onClick={() => actions.cancel(promotion)} />
      </div>
    );
  }
  return (
    <div className="jp-ProMLCard-buttons">
      {promotion.report && (
        <Button label="Open report" primary onClick={() => actions.openReport(promotion)} />
      )}
      {promotion.failure?.notebook && (
        <Button label="Open partial notebook" onClick={() => actions.openNotebook(promotion)} />
      )}
      <Button label="Remove" onClick={() => actions.forget(promotion)} />
    </div>
  );
}

/** It takes a moment until everything has ended: the button says so, and is pressed once. */
function Cancel(props: { onClick: () => void }): JSX.Element {
  const [pressed, setPressed] = React.useState(false);
  const press = (): void => {
    setPressed(true);
    props.onClick();
  };
  return <Button label={pressed ? 'Cancelling…' : 'Cancel'} disabled={pressed} onClick={press} />;
}

function Button(props: {
  label: string;
  primary?: boolean;
  disabled?: boolean;
  onClick: () => void;
}): JSX.Element {
  const look = props.primary ? 'jp-mod-accept' : 'jp-mod-reject';
  return (
    <button className={`jp-mod-styled ${look}`} disabled={props.disabled} onClick={props.onClick}>
      {props.label}
    </button>
  );
}
