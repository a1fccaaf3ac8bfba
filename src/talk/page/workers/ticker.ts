/** A clock for the page: told how often (ms), it ticks. */
onmessage = ({ data }: MessageEvent<number>): void => {
  setInterval(() => postMessage(null), data);
};
