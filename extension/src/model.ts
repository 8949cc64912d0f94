import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import { Promotion, PromotionRequest, Server } from './server';
import { IPromotions } from './tokens';

const INTERVAL_MS = 1000;
const SLOWEST_MS = 10_000;

/** Reads the list every second while something runs, and rests otherwise. */
export class PromotionsModel implements IPromotions {
  constructor(private readonly server: Server) {
    this.poll = new Poll({
      auto: false,
      factory: () => this.read(),
      frequency: { interval: INTERVAL_MS, backoff: true, max: SLOWEST_MS },
      name: 'proml-lab:promotions',
      standby: 'when-hidden'
    });
  }

  list: readonly Promotion[] = [];
  problem = '';

  get changed(): ISignal<IPromotions, void> {
    return this._changed;
  }

  get ended(): ISignal<IPromotions, Promotion> {
    return this._ended;
  }

  async start(request: PromotionRequest): Promise<Promotion> {
    const started = await this.server.start(request);
    this.accept([started, ...this.list]);
    await this.refresh();
    return started;
  }

  async cancel(id: string): Promise<void> {
    const ended = await this.server.cancel(id);
    this.accept(this.list.map(old => (old.id === id ? ended : old)));
  }

  async forget(id: string): Promise<void> {
    await this.server.forget(id);
    this.accept(this.list.filter(old => old.id !== id));
  }

  partial(id: string): Promise<string> {
    return this.server.partial(id);
  }

  async refresh(): Promise<void> {
    await this.poll.refresh();
    await this.poll.tick;
  }

  private async read(): Promise<void> {
    try {
      this.accept(await this.server.promotions());
    } catch (reason) {
      this.problem = reason instanceof Error ? reason.message : String(reason);
      this._changed.emit();
      throw reason; // the poll then waits longer before it asks again
    }
    if (!this.list.some(promotion => promotion.status === 'running')) {
      void this.poll.stop();
    }
  }

  private accept(list: readonly Promotion[]): void {
    const running = new Set(this.list.filter(p => p.status === 'running').map(p => p.id));
    this.list = list;
    this.problem = '';
    this._changed.emit();
    for (const promotion of list) {
      if (running.has(promotion.id) && promotion.status !== 'running') {
        this._ended.emit(promotion);
      }
    }
  }

  private readonly poll: Poll;
  private readonly _changed = new Signal<IPromotions, void>(this);
  private readonly _ended = new Signal<IPromotions, Promotion>(this);
}
