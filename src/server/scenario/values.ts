import type { SeenPicture } from '../parts';
import { ordinal } from './numbers';
import { pictureWords } from './sight';

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** Words the clips voice must be able to say for {@link builtInValues}. */
export const CALENDAR_WORDS: readonly string[] = [...WEEKDAYS, ...MONTHS];

/** The value that is not known before a picture came. */
export const NEWEST_PICTURE = 'newest picture';

/**
 * Values every answer may use, in local time. English words are written out here because `Intl` follows the
 * machine's ICU data, and the shipped clips must fit the text exactly. Coin and dice follow the clock, so that a
 * test which fixes `now` fixes them too.
 */
export function builtInValues(now: Date, picture?: SeenPicture): Record<string, string> {
  const hours = now.getHours();
  const minutes = String(now.getMinutes()).padStart(2, '0');
  const weekday = WEEKDAYS[now.getDay()]!;
  return {
    time: `${hours % 12 || 12}:${minutes} ${hours < 12 ? 'AM' : 'PM'}`,
    weekday,
    date: `${weekday}, ${MONTHS[now.getMonth()]!} ${ordinal(now.getDate())}`,
    coin: now.getTime() % 2 ? 'heads' : 'tails',
    dice: String(1 + (now.getTime() % 6)),
    ...(picture ? { [NEWEST_PICTURE]: pictureWords(picture) } : {}),
  };
}
