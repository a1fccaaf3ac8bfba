import assert from 'node:assert/strict';
import { classifyClose, type ClosePolicy } from '../../src/protocol';

/** Code, reason, policy, and whether it happened before setupComplete: the table of closes that were seen. */
const CASES: Array<[number, string, ClosePolicy, boolean?]> = [
  [1000, '', 'done'],
  [1001, '', 'retry'],
  [1005, '', 'retry'],
  [1006, '', 'retry'],
  [1012, '', 'retry'],
  [1013, '', 'retry'],
  [1011, 'Deadline expired before operation could complete.', 'retry'],
  [1008, 'Deadline expired', 'retry'],
  [1011, 'The service is currently unavailable.', 'retry'],
  [1011, 'Internal error encountered.', 'retry'],
  [1011, 'You exceeded your current quota, please check your plan and billing details.', 'wait'],
  [1008, 'This API method requires billing to be enabled.', 'fatal'],
  [1007, `Invalid JSON payload received. Unknown name "x" at 'setup': Cannot find field.`, 'fatal', true],
  [1007, 'Request contains an invalid argument.', 'fatal', true],
  [1007, 'Request contains an invalid argument.', 'fresh'],
  [1007, 'API key expired. Please renew the API key.', 'fatal'],
  [1007, 'API Key not found. Please pass a valid API key.', 'fatal'],
  [1011, 'Token has been used too many times', 'fatal'],
  [1011, 'auth token has expired', 'fatal'],
  [1008, 'Your API key was reported as leaked. Please use another API key.', 'fatal'],
  [
    1007,
    'The requested combination of response modalities (TEXT) is not supported by the model. models/x',
    'fatal',
    true,
  ],
  [1007, 'Cannot extract voices from a non-audio request.', 'fatal', true],
  [1007, 'realtime_input.media_chunks is deprecated. Use audio, video, or text instead.', 'fatal'],
  [
    1008,
    'models/X is not found for API version v1alpha, or is not supported for bidiGenerateContent. Call Li',
    'fatal',
    true,
  ],
  [1008, 'Publisher Model `projects/p` was not found', 'fatal', true],
  [1008, 'Operation is not implemented, or supported, or enabled.', 'fresh'],
  [1008, 'Requested entity was not found', 'fresh'],
  [1008, 'The operation was aborted.', 'fresh'],
  [400, '', 'fatal'],
  [401, '', 'fatal'],
  [403, '', 'fatal'],
  [404, '', 'fatal'],
  [302, '', 'fatal'],
  [409, '', 'wait'],
  [429, '', 'wait'],
  [500, '', 'retry'],
  [503, '', 'retry'],
  [1006, 'connect ECONNREFUSED 127.0.0.1:1', 'retry'],
  [1006, 'getaddrinfo ENOTFOUND no.example', 'retry'],
  [1006, 'self-signed certificate', 'fatal'],
  [4999, 'new', 'retry'],
];

describe('protocol: what a close means', () => {
  for (const [code, reason, policy, inSetup = false] of CASES) {
    it(`${code} ${reason.slice(0, 60)}${inSetup ? ' (in setup)' : ''} → ${policy}`, () => {
      const result = classifyClose(code, reason, { inSetup });
      assert.equal(result.policy, policy);
      assert.ok(result.title.length > 10 && result.advice.length > 10);
    });
  }
});
