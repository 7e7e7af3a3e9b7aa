/** Times as the values of HTML fields, which know no time zone: the browser's is meant. */

/** The value of a field of date and time, to the minute. */
export function localMinute(time: number): string {
  const offset = new Date(time).getTimezoneOffset() * 60_000;
  return new Date(time - offset).toISOString().slice(0, 16);
}

/** The value of a date field. */
export function localDate(time: number): string {
  return localMinute(time).slice(0, 10);
}
