/** The form that asks for the artifact's name and the notebook's parameters. */
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Kind, NotebookInfo, Parameter, ServerError } from './server';

export interface Answers {
  readonly name: string;
  /** Text of every field, `true` or `false` for a checkbox. */
  readonly values: Readonly<Record<string, string>>;
}

const NAME = '[a-z][a-z0-9]*([\\-_.][a-z0-9]+)*';

/** Said under a field that the browser finds wrong. */
const WRONG: Readonly<Record<Kind, string>> = {
  bool: '',
  int: 'Give a whole number, such as 300.',
  float: 'Give a number, such as 0.05.',
  str: 'Give some text.',
  list: 'Give a list, such as [1, 2].',
  date: 'Give a day.'
};

/** Dialog body; the dialog itself disables Promote while a field is `:invalid`. */
export class PromoteForm extends ReactWidget {
  constructor(
    private readonly info: NotebookInfo,
    private answers: Answers,
    private readonly refused: ServerError | null
  ) {
    super();
    this.addClass('jp-ProMLForm');
  }

  getValue(): Answers {
    return this.answers;
  }

  protected override render(): JSX.Element {
    return (
      <Fields
        info={this.info}
        start={this.answers}
        refused={this.refused}
        onChange={answers => {
          this.answers = answers;
        }}
      />
    );
  }
}

export function defaults(info: NotebookInfo): Answers {
  return { name: info.name, values: Object.fromEntries(info.parameters.map(p => [p.name, p.value])) };
}

/** What differs from the notebook's own defaults: the rest is not sent. */
export function changes(info: NotebookInfo, answers: Answers): Record<string, string> {
  const changed = info.parameters.filter(p => answers.values[p.name] !== p.value);
  return Object.fromEntries(changed.map(p => [p.name, answers.values[p.name] ?? '']));
}

function Fields(props: {
  info: NotebookInfo;
  start: Answers;
  refused: ServerError | null;
  onChange: (answers: Answers) => void;
}): JSX.Element {
  const [answers, setAnswers] = React.useState(props.start);
  const change = (next: Answers): void => {
    setAnswers(next);
    props.onChange(next);
  };
  const { parameters, path } = props.info;
  return (
    <>
      <p className="jp-ProMLForm-intro">
        Runs <code>{path}</code> from top to bottom in a fresh kernel and keeps code, data, model
        and report as one version.
      </p>
      {props.refused && <Refusal error={props.refused} />}
      <Field
        id="proml-name"
        label="Name of the artifact"
        help="each promotion of a name gets the next version"
        wrong="Small letters, digits and dashes, such as flight-delay."
      >
        <input
          id="proml-name"
          className="jp-mod-styled"
          type="text"
          required
          pattern={NAME}
          spellCheck={false}
          autoComplete="off"
          value={answers.name}
          onChange={event => change({ ...answers, name: event.target.value })}
        />
      </Field>
      {parameters.length > 0 && <h3 className="jp-ProMLForm-heading">Parameters</h3>}
      {parameters.map(parameter => (
        <ParameterField
          key={parameter.name}
          parameter={parameter}
          value={answers.values[parameter.name] ?? ''}
          onChange={value =>
            change({ ...answers, values: { ...answers.values, [parameter.name]: value } })
          }
        />
      ))}
    </>
  );
}

function Refusal(props: { error: ServerError }): JSX.Element {
  return (
    <div className="jp-ProMLForm-refusal" role="alert">
      <p>{props.error.message}</p>
      {props.error.hint && <p>Hint: {props.error.hint}</p>}
    </div>
  );
}

function ParameterField(props: {
  parameter: Parameter;
  value: string;
  onChange: (value: string) => void;
}): JSX.Element {
  const { parameter, value, onChange } = props;
  const id = `proml-parameter-${parameter.name}`;
  return (
    <Field
      id={id}
      label={parameter.name}
      kind={parameter.kind}
      help={parameter.help}
      wrong={WRONG[parameter.kind]}
    >
      {parameter.kind === 'bool' ? (
        <input
          id={id}
          type="checkbox"
          checked={value === 'true'}
          onChange={event => onChange(String(event.target.checked))}
        />
      ) : parameter.choices.length > 0 ? (
        <select
          id={id}
          className="jp-mod-styled"
          required={parameter.required}
          value={value}
          onChange={event => onChange(event.target.value)}
        >
          {!parameter.choices.includes(parameter.value) && (
            <option value={parameter.value}>{parameter.value || parameter.placeholder}</option>
          )}
          {parameter.choices.map(choice => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : value.includes('\n') ? (
        <textarea
          id={id}
          className="jp-mod-styled"
          required={parameter.required}
          value={value}
          onChange={event => onChange(event.target.value)}
        />
      ) : (
        <input
          id={id}
          className="jp-mod-styled"
          {...constraint(parameter)}
          placeholder={parameter.placeholder}
          required={parameter.required}
          spellCheck={false}
          autoComplete="off"
          value={value}
          onChange={event => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

/** What the browser itself checks; the server checks everything again. */
function constraint(parameter: Parameter): React.InputHTMLAttributes<HTMLInputElement> {
  switch (parameter.kind) {
    case 'int':
      return { inputMode: 'numeric', pattern: '\\s*[+\\-]?\\d+\\s*' };
    case 'float':
      return {
        inputMode: 'decimal',
        pattern: '\\s*[+\\-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+\\-]?\\d+)?\\s*'
      };
    case 'date':
      return { type: 'date' };
    default:
      return { type: 'text' };
  }
}

function Field(props: {
  id: string;
  label: string;
  kind?: Kind;
  help: string;
  wrong: string;
  children: JSX.Element;
}): JSX.Element {
  const [help, wrong] = [`${props.id}-help`, `${props.id}-wrong`];
  const look = props.kind === 'bool' ? ' jp-mod-check' : '';
  return (
    <div className={`jp-ProMLForm-field${look}`}>
      <label htmlFor={props.id}>
        {props.label}
        {props.kind && props.kind !== 'bool' && (
          <span className="jp-ProMLForm-kind" aria-hidden="true">
            {props.kind}
          </span>
        )}
      </label>
      {React.cloneElement(props.children, { 'aria-describedby': `${wrong} ${help}` })}
      <span className="jp-ProMLForm-wrong" id={wrong}>
        {props.wrong}
      </span>
      <span className="jp-ProMLForm-help" id={help}>
        {props.help}
      </span>
    </div>
  );
}
