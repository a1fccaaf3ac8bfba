/** The talk page: browsers as microphone, loudspeaker and camera. Knows neither Node-RED nor the Live protocol. */
export { TalkHub, type TalkHubEvents, type TalkHubOptions } from './hub';
export type { TalkPage, TalkClientInfo, TalkPageEvents } from './page';
export type { TalkPlayed } from './answer';
export type { TalkNews } from './news';
export type { TalkFile } from './upload';
export { DEFAULT_LIMITS, DEFAULT_TIMES, type TalkLimits, type TalkTimes } from './limits';
export * from './wire';
