/** How the outside is reached: HTTP proxies and further certificate authorities. */
export { agentFor } from './agent';
export { nameOf as proxyName, proxyFor, type Environment, type NetworkOptions } from './proxy';
