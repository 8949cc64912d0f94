/** Numbers as a person reads them. */

/** 0.456 → `46 %`; never 100 % before the end. */
export function percent(fraction: number): string {
  const part = Math.min(Math.max(fraction, 0), 1);
  return `${part < 1 ? Math.min(Math.round(part * 100), 99) : 100} %`;
}

/** 75 → `1 min 15 s`, 3700 → `1 h 2 min`. */
export function duration(seconds: number): string {
  const s = Math.max(Math.round(seconds), 0);
  if (s < 60) {
    return `${s} s`;
  }
  if (s < 3600) {
    return s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${s / 60} min`;
  }
  const minutes = Math.round(s / 60);
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}
