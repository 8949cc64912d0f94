/** The one file that talks to the server: `proml_lab/server`, under `/proml/api/`. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

export type Kind = 'bool' | 'int' | 'float' | 'str' | 'list' | 'date';

/** A value that a promotion can change, as the notebook's parameters cell gives it. */
export interface Parameter {
  readonly name: string;
  readonly kind: Kind;
  /** The default as a person types it: `0.05`, `true`, `LGA`; empty where there is none. */
  readonly value: string;
  /** Shown in an empty field: an example, or the expression that computes the default. */
  readonly placeholder: string;
  readonly help: string;
  readonly required: boolean;
  /** The only values that are allowed, as typed; empty where there is no such list. */
  readonly choices: readonly string[];
}

export interface NotebookInfo {
  readonly path: string;
  /** A suggestion for the artifact's name. */
  readonly name: string;
  readonly parameters: readonly Parameter[];
}

export interface PromotionRequest {
  readonly path: string;
  readonly name: string;
  /** Only what differs from the defaults, as typed. */
  readonly parameters: Readonly<Record<string, string>>;
}

export interface Failure {
  readonly error: string;
  /** One line: which cell, and why. */
  readonly message: string;
  readonly hint: string;
  /** A few lines of the cell, with an arrow at the one that failed; may be empty. */
  readonly excerpt: string;
  /** Whether the partial notebook was kept. */
  readonly notebook: boolean;
}

export interface Promotion {
  readonly id: string;
  readonly path: string;
  readonly name: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly status: 'running' | 'done' | 'failed' | 'cancelled' | 'lost';
  /** Part done, 0 to 1. */
  readonly fraction: number;
  /** What it is doing: `cell 3 of 12`. */
  readonly text: string;
  readonly elapsed_s: number;
  readonly left_s: number | null;
  /** Set when done. */
  readonly version: number | null;
  /** Whether there is a report to open. */
  readonly report: boolean;
  readonly failure: Failure | null;
}

/** What the server refused, in its words. */
export class ServerError extends Error {
  constructor(
    message: string,
    readonly hint: string
  ) {
    super(message);
  }
}

export class Server {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  notebook(path: string): Promise<NotebookInfo> {
    return this.request<NotebookInfo>('GET', `notebook?path=${encodeURIComponent(path)}`);
  }

  async promotions(): Promise<Promotion[]> {
    return (await this.request<{ promotions: Promotion[] }>('GET', 'promotions')).promotions;
  }

  start(request: PromotionRequest): Promise<Promotion> {
    return this.request<Promotion>('POST', 'promotions', JSON.stringify(request));
  }

  cancel(id: string): Promise<Promotion> {
    return this.request<Promotion>('POST', `promotions/${encodeURIComponent(id)}/cancel`, '{}');
  }

  async forget(id: string): Promise<void> {
    await this.request<unknown>('DELETE', `promotions/${encodeURIComponent(id)}`);
  }

  /** The path of a copy, beside the source, of a failed run's notebook. */
  async partial(id: string): Promise<string> {
    const endpoint = `promotions/${encodeURIComponent(id)}/partial`;
    return (await this.request<{ path: string }>('POST', endpoint, '{}')).path;
  }

  /** Where the report of a finished promotion is served, without any script. */
  reportUrl(id: string, theme: 'light' | 'dark'): string {
    return `${this.url(`promotions/${encodeURIComponent(id)}/report`)}?theme=${theme}`;
  }

  private url(endpoint: string): string {
    return URLExt.join(this.settings.baseUrl, 'proml', 'api', endpoint);
  }

  private async request<T>(method: string, endpoint: string, body?: string): Promise<T> {
    const init: RequestInit = body === undefined ? { method } : { method, body };
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(this.url(endpoint), init, this.settings);
    } catch {
      throw new ServerError('The Jupyter server does not answer.', 'is it still running?');
    }
    const text = await response.text();
    if (!response.ok) {
      throw refusal(response, text);
    }
    return (text ? JSON.parse(text) : {}) as T;
  }
}

function refusal(response: Response, text: string): ServerError {
  if (response.status === 404 && !text.includes('"message"')) {
    return new ServerError(
      'The server part of proml-lab is not running.',
      'run: jupyter server extension enable proml_lab.server, then start Jupyter again.'
    );
  }
  if (response.status >= 500) {
    return new ServerError('The server failed at this.', 'its log says why.');
  }
  try {
    const said = JSON.parse(text) as { message?: string; hint?: string };
    return new ServerError(said.message ?? response.statusText, said.hint ?? '');
  } catch {
    return new ServerError(`The server answered ${response.status} ${response.statusText}.`, '');
  }
}
