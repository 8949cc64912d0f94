import { Token } from '@lumino/coreutils';
import { ISignal } from '@lumino/signaling';

import { Promotion, PromotionRequest } from './server';

/** The promotions of this server: the one list that the button and the panel share. */
export interface IPromotions {
  /** Newest first, as last read from the server. */
  readonly list: readonly Promotion[];
  /** Why the last reading failed, or an empty string. */
  readonly problem: string;
  /** Emitted after every reading that changed something. */
  readonly changed: ISignal<IPromotions, void>;
  /** Emitted once when a promotion that was seen running has ended. */
  readonly ended: ISignal<IPromotions, Promotion>;
  /** Start one in a process of its own; rejects with a ServerError. */
  start(request: PromotionRequest): Promise<Promotion>;
  /** End a running one. */
  cancel(id: string): Promise<void>;
  /** Drop an ended one from the list; its artifact stays. */
  forget(id: string): Promise<void>;
  /** The path of a copy of a failed run's notebook, made beside its source. */
  partial(id: string): Promise<string>;
  /** Read the list again now. */
  refresh(): Promise<void>;
}

export const IPromotions = new Token<IPromotions>(
  'proml-lab:IPromotions',
  'The promotions of this server, their progress and how to start or cancel one.'
);

export namespace CommandIDs {
  export const promote = 'proml:promote';
  export const showPromotions = 'proml:show-promotions';
  export const openReport = 'proml:open-report';
}
