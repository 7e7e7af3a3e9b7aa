/** Numbers, sizes and times in the user's language, and as the user's profile asks for. */

import { type Language, languageOf } from "./index";
import { dayOf, wallTime, zoneOf } from "./zone";

/** Formatters by language and options: creating one costs as much as hundreds of uses. */
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
  const timeZone = zoneOf(hass);
  const key = `d ${language} ${timeZone} ${JSON.stringify(options)}`;
  const format = made.get(key) ?? new Intl.DateTimeFormat(language, { ...options, timeZone });
  made.set(key, format);
  return format as Intl.DateTimeFormat;
}

export function formatNumber(hass: Language | undefined, value: number, digits = 0): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return numbers(hass, options).format(value);
}

/** "30%" of 0.3. */
export function formatPercent(hass: Language | undefined, value: number): string {
  return numbers(hass, { style: "percent" }).format(value);
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

/** "0.8 s". */
export function formatExactSeconds(hass: Language | undefined, seconds: number): string {
  return `${formatNumber(hass, seconds, 1)} s`;
}

/** "58 seconds", to be spoken. */
export function formatSpokenSeconds(hass: Language | undefined, seconds: number): string {
  const options = { style: "unit", unit: "second", unitDisplay: "long", maximumFractionDigits: 0 } as const;
  return numbers(hass, options).format(seconds);
}

/** "3 hours" or "2 days", in full units as long as there are two of them; `short` as "3 hr". */
export function formatAge(hass: Language | undefined, seconds: number, unitDisplay: "long" | "short" = "long"): string {
  const units = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]] as const;
  const fits = ([, length]: (typeof units)[number]): boolean => seconds >= (length === 86_400 ? 2 : 1) * length;
  const [unit, length] = units.find(fits) ?? units[3];
  const options = { style: "unit", unit, unitDisplay, maximumFractionDigits: 0 } as const;
  return numbers(hass, options).format(Math.floor(seconds / length));
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

/** From here on, in ms, a clock may mean another day. */
const HOUR = 3_600_000;

/** The time of a moment, with the day if it is another than that of the present, `ago` ms later, by an hour or more. */
export function formatMoment(hass: Language | undefined, time: number, ago: number): string {
  const clock = formatTime(hass, time);
  const zone = zoneOf(hass);
  return ago < HOUR || time + ago < dayOf(time, zone).end ? clock : `${formatDay(hass, time)}, ${clock}`;
}

/** "Mon, 30 Nov", with the year if it is not the present one. */
export function formatDay(hass: Language | undefined, time: number): string {
  const zone = zoneOf(hass);
  const year = (at: number): number => new Date(wallTime(at, zone)).getUTCFullYear();
  const format = dates(hass, {
    weekday: "short",
    day: "numeric",
    month: "short",
    ...(year(time) === year(Date.now()) ? {} : { year: "numeric" }),
  });
  return arranged(format.formatToParts(time), hass?.locale?.date_format);
}

const ORDERS: Record<string, readonly string[]> = {
  DMY: ["day", "month", "year"],
  MDY: ["month", "day", "year"],
  YMD: ["year", "month", "day"],
};

/** The parts of a day as text, in the order of the user's date format if that is not the language's. */
function arranged(parts: Intl.DateTimeFormatPart[], format: string | undefined): string {
  const order = ORDERS[format ?? ""];
  const wanted = order?.filter((type) => parts.some((part) => part.type === type)) ?? [];
  const own = parts.map(({ type }) => type).filter((type) => wanted.includes(type));
  if (own.join() === wanted.join()) return parts.map(({ value }) => value).join("");
  const value = (type: string): string => parts.find((part) => part.type === type)?.value ?? "";
  return `${value("weekday")}, ${wanted.map(value).join(" ")}`;
}

/** The user's choice of 12 or 24 hours, if it differs from the language's default. */
function hourCycle(hass: Language | undefined): Intl.DateTimeFormatOptions {
  const format = hass?.locale?.time_format;
  if (format === "12") return { hour12: true };
  if (format === "24") return { hourCycle: "h23" };
  if (format !== "system") return {};
  const { hour12 } = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions();
  return hour12 ? { hour12: true } : { hourCycle: "h23" };
}
