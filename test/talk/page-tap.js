/* global AudioNode, AudioDestinationNode */

// Runs in the page before anything else: whatever goes to the speaker also goes to an analyser that the test can ask.
(() => {
  const connect = AudioNode.prototype.connect;
  let analyser;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode) {
      analyser ??= Object.assign(this.context.createAnalyser(), { fftSize: 2048 });
      connect.call(this, analyser);
    }
    return connect.call(this, target, ...rest);
  };
  globalThis.talkTap = () => {
    const samples = new Float32Array(2048);
    analyser?.getFloatTimeDomainData(samples);
    return Math.max(...samples.map(Math.abs));
  };
})();
