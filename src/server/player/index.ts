export { compareClients, type CompareOptions } from './compare';
export { Player, type PlayerEvents, type PlayOptions } from './player';
export { readRecording } from './read';
