/** Numbers, sizes and times in the user's language. */

import { type Language, languageOf } from "./index";

/** Formatters by language and options: making one costs as much as hundreds of uses. */
const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function numbers(hass: Language | undefined, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const language = languageOf(hass);
  const key = `n ${language} ${JSON.stringify(options)}`;
  const format = made.get(key) ?? new Intl.NumberFormat(language, options);
  made.set(key, format);
  return format as Intl.NumberFormat;
}

function dates(hass: Language | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const language = languageOf(hass);
  const key = `d ${language} ${JSON.stringify(options)}`;
  const format = made.get(key) ?? new Intl.DateTimeFormat(language, options);
  made.set(key, format);
  return format as Intl.DateTimeFormat;
}

export function formatNumber(hass: Language | undefined, value: number, digits = 0): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return numbers(hass, options).format(value);
}

/** "58 s", or "2 min" for whole minutes. */
export function formatSeconds(hass: Language | undefined, seconds: number): string {
  const minutes = seconds >= 120 && Math.round(seconds) % 60 === 0;
  return numbers(hass, {
    style: "unit",
    unit: minutes ? "minute" : "second",
    unitDisplay: minutes ? "short" : "narrow",
    maximumFractionDigits: 0,
  })
    .format(Math.round(minutes ? seconds / 60 : seconds))
    .replace(/(\d)(\p{L})/u, "$1 $2");
}

/** Bytes as kB or MB, decimal. */
export function formatBytes(hass: Language | undefined, bytes: number): string {
  const mega = bytes >= 1e6;
  const value = bytes / (mega ? 1e6 : 1e3);
  return `${formatNumber(hass, value, value > 0 && value < 10 ? 1 : 0)} ${mega ? "MB" : "kB"}`;
}

/** "1:05" or "1:02:03", for durations and positions. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}

export function formatTime(hass: Language | undefined, time: number, seconds = true): string {
  return dates(hass, {
    hour: "numeric",
    minute: "2-digit",
    ...(seconds ? { second: "2-digit" } : {}),
    ...hourCycle(hass),
  }).format(time);
}

export function formatDay(hass: Language | undefined, time: number): string {
  return dates(hass, {
    weekday: "short",
    day: "numeric",
    month: "short",
  }).format(time);
}

/** The user's choice of 12 or 24 hours, where it differs from what the language has. */
function hourCycle(hass: Language | undefined): Intl.DateTimeFormatOptions {
  const format = hass?.locale?.time_format;
  if (format === "12") return { hour12: true };
  if (format === "24") return { hourCycle: "h23" };
  return {};
}
